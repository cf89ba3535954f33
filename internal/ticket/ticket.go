// Package ticket owns seat tickets: the signed proof that one player has one seat of one session on one server, checked
// by that server without a network call (rule I7). A ticket is a JWT (RFC 7519) signed with HS256 under the server's own
// key, so that a stolen key opens one server only.
//
//	header  {"alg":"HS256","kid":"<key id>"}
//	claims  aud server · sub player · jti seat · exp unix seconds · rte route · key session key ·
//	        gen session generation · cap seats of the session
//
// Seat and generation are strings in base 32 (0-9a-v): five characters shorter than decimal, and no division to write.
package ticket

import (
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Why a ticket opens nothing. The texts are for players' clients.
var (
	ErrMalformed   = errors.New("ticket is not a Greenroom ticket")
	ErrSignature   = errors.New("ticket's signature is not right for this server")
	ErrExpired     = errors.New("ticket has expired; join again for a new one")
	ErrOtherServer = errors.New("ticket is for another server")
	ErrReleased    = errors.New("ticket's seat was released; join again for a new one")
)

// Claims is what a ticket says.
type Claims struct {
	Server     model.ServerID
	Player     model.PlayerID
	Seat       model.SeatID
	Session    model.SessionRef
	Generation model.Generation
	Capacity   int // of the session, in seats
	ExpiresAt  time.Time
}

// numberBase is that of jti and gen.
const numberBase = 32

// Key is one server's symmetric key.
type Key struct {
	ID     string
	Secret []byte // 32 bytes
}
