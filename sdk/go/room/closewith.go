package room

import (
	"errors"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Close codes that are a game's own, the first and last of each kind. A client that is closed with one of the first kind joins
// again by itself, with one of the second it stops.
const (
	FirstRetryCode uint16 = wire.CloseGameRetry
	LastRetryCode  uint16 = wire.CloseGameRetryLast
	FirstStopCode  uint16 = wire.CloseGameStop
	LastStopCode   uint16 = wire.CloseGameStopLast
)

// CloseWith is an error of Join, and a way to kick, that says with which code the connection is closed.
type CloseWith struct {
	Code   uint16 // one of a game's own; any other is 4112, refused
	Reason string // a sentence for the player
}

// Error gives the reason.
func (c *CloseWith) Error() string { return c.Reason }

func (c *CloseWith) code() wire.CloseCode {
	if wire.CloseCode(c.Code).Games() {
		return wire.CloseCode(c.Code)
	}
	return wire.CloseRefused
}

// refusal is what an error of Join means.
func refusal(err error) (wire.CloseCode, string) {
	var with *CloseWith
	if errors.As(err, &with) {
		return with.code(), err.Error()
	}
	return wire.CloseRefused, err.Error()
}
