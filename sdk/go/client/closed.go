package client

import (
	"fmt"

	"greenroom.dev/greenroom/internal/room/wire"
)

// ClosedError is why a room ended for good.
type ClosedError struct {
	Code   int    // the room's close code, 4100–4199, or the last one before the client gave up; 0: none
	Reason string // a sentence
}

// Error gives the reason and the code.
func (e *ClosedError) Error() string {
	if e.Code == 0 {
		return e.Reason
	}
	return fmt.Sprintf("%s (close code %d)", e.Reason, e.Code)
}

func mustStop(code int) bool { return code >= 4100 && code <= 4199 }

func mayReconnect(code int) bool { return code >= 4000 && code <= 4099 }

// ticketIsStale: a ticket that opens nothing any more. A client on its way back gets a new one by joining.
func ticketIsStale(code int) bool {
	return code >= int(wire.CloseBadTicket) && code <= int(wire.CloseReleased)
}

func sentence(code int) string {
	switch wire.CloseCode(code) {
	case wire.CloseMoved:
		return "the session moved to another server"
	case wire.CloseGoingAway:
		return "the server is going away"
	case wire.CloseTooSlow:
		return "this client read too slowly"
	case wire.CloseIdle:
		return "the connection was idle for too long"
	case wire.CloseBadTicket:
		return "the ticket is malformed or its signature is wrong"
	case wire.CloseOtherServer:
		return "the ticket is for another server"
	case wire.CloseExpired:
		return "the ticket has expired; join again for a new one"
	case wire.CloseReleased:
		return "the ticket's seat was released; join again for a new one"
	case wire.CloseReplaced:
		return "the same seat connected from somewhere else"
	case wire.CloseEnded:
		return "the session has ended"
	case wire.CloseProtocol:
		return "the room did not understand this client"
	case wire.CloseFlooding:
		return "this client sent too much"
	case wire.CloseTooLarge:
		return "a message was too large"
	case wire.CloseFull:
		return "the session is full"
	case wire.CloseRemoved:
		return "the player was removed from the session"
	case wire.CloseRefused:
		return "the room's game did not let the player in"
	}
	return fmt.Sprintf("the connection closed with code %d", code)
}
