package mqtt

import (
	"cmp"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// farewell is why the reader ends a connection, to be told to the peer.
type farewell struct {
	code   wire.CloseCode
	why    byte
	reason string
}

func (f *farewell) Error() string { return f.reason }

func bye(code wire.CloseCode, reason string) error {
	return &farewell{code, disconnectReason(code), reason}
}

// end sends the last packet; any goroutine may. The first call counts. props are kept even where the reason does not fit.
func (c *conn) end(code wire.CloseCode, why byte, reason string, props []byte) {
	const around = 16
	said := appendTextProperty(nil, propReason, reason)
	if c.largest == 0 || len(said)+len(props)+around <= c.largest {
		props = append(said, props...)
	}
	if c.largest > 0 && len(props)+around > c.largest {
		props = nil
	}
	greeted := c.isGreeted()
	switch {
	case c.level == 0:
	case !greeted:
		if c.level == level311 {
			why = returnCode(code)
		}
		c.out.Push(appendConnack(nil, c.level, false, why, props))
	case c.level == level5:
		c.out.Push(appendDisconnect(nil, why, props))
	}
	c.out.Finish()
	_ = c.net.SetDeadline(time.Now().Add(cmp.Or(c.door.Linger, DefaultLinger)))
	c.begin()
}

// disconnectReason gives a close code in MQTT 5's words.
func disconnectReason(code wire.CloseCode) byte {
	switch code {
	case wire.CloseMoved, wire.CloseOtherServer:
		return reasonUseAnother
	case wire.CloseGoingAway:
		return reasonShuttingDown
	case wire.CloseIdle:
		return reasonKeepAlive
	case wire.CloseBadTicket:
		return reasonBadUser
	case wire.CloseExpired, wire.CloseReleased, wire.CloseRefused:
		return reasonNotAuthorised
	case wire.CloseReplaced:
		return reasonTakenOver
	case wire.CloseProtocol:
		return reasonProtocol
	case wire.CloseFlooding:
		return reasonRateTooHigh
	case wire.CloseTooLarge:
		return reasonTooLarge
	case wire.CloseEnded, wire.CloseRemoved:
		return reasonAdministrative
	}
	switch {
	case code.Games() && code.Reconnect():
		return reasonShuttingDown
	case code.Games():
		return reasonAdministrative
	}
	return reasonQuota // too slow, full
}

// The return codes of 3.1.1's CONNACK (§3.2.2.3).
const (
	returnBadVersion    = 1
	returnBadIdentifier = 2
	returnUnavailable   = 3
	returnBadUser       = 4
	returnNotAuthorised = 5
)

func returnCode(code wire.CloseCode) byte {
	switch code {
	case wire.CloseBadTicket, wire.CloseExpired:
		return returnBadUser
	case wire.CloseMoved, wire.CloseGoingAway:
		return returnUnavailable
	}
	return returnNotAuthorised
}
