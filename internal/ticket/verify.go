package ticket

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"greenroom.dev/greenroom/internal/model"
)

// MaxLength bounds a ticket, in bytes; a longer one is malformed.
const MaxLength = 2048

// MaxCapacity bounds the seats a ticket may say its session has.
const MaxCapacity = 1 << 24

// wireClaims is the JSON of a ticket's claims. The embedded type gives jwt its interface; of its fields only those
// spelled out here are written or read.
type wireClaims struct {
	jwt.RegisteredClaims
	Route      string `json:"rte"`
	Key        string `json:"key"`
	Generation string `json:"gen"`
	Capacity   int64  `json:"cap"`
}

// Verify answers what a ticket says if one of keys signed it for server and it has not expired at now. With
// allowExpired an expired one is good too: that of a seat which is already claimed. The error is one of this package's.
func Verify(token string, keys []Key, server model.ServerID, now time.Time, allowExpired bool) (Claims, error) {
	if len(token) > MaxLength {
		return Claims{}, ErrMalformed
	}
	var wire wireClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(token, &wire, func(t *jwt.Token) (any, error) {
		// Nothing is proved yet: this only chooses between two reasons to refuse.
		if len(wire.Audience) != 1 || wire.Audience[0] != string(server) {
			return nil, ErrOtherServer
		}
		for _, k := range keys {
			if k.ID == t.Header["kid"] {
				return k.Secret, nil
			}
		}
		return nil, ErrSignature
	})
	switch {
	case err == nil:
	case errors.Is(err, ErrOtherServer):
		return Claims{}, ErrOtherServer
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Claims{}, ErrMalformed
	default:
		return Claims{}, ErrSignature
	}
	c, err := wire.claims()
	if err != nil {
		return Claims{}, err
	}
	if !allowExpired && !now.Before(c.ExpiresAt) {
		return Claims{}, ErrExpired
	}
	return c, nil
}

// claims checks the form of what was signed.
func (w *wireClaims) claims() (Claims, error) {
	seat, err := strconv.ParseUint(w.ID, numberBase, 64)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: jti is no number", ErrMalformed)
	}
	gen, err := strconv.ParseUint(w.Generation, numberBase, 64)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: gen is no number", ErrMalformed)
	}
	switch {
	case w.ExpiresAt == nil:
		return Claims{}, fmt.Errorf("%w: no exp", ErrMalformed)
	case !model.ValidKey(w.Subject), !model.ValidKey(w.Key), w.Route == "":
		return Claims{}, fmt.Errorf("%w: sub, key or rte is no name", ErrMalformed)
	case w.Capacity < 1 || w.Capacity > MaxCapacity:
		return Claims{}, fmt.Errorf("%w: cap is out of range", ErrMalformed)
	}
	return Claims{
		Server:     model.ServerID(w.Audience[0]),
		Player:     model.PlayerID(w.Subject),
		Seat:       model.SeatID(seat),
		Session:    model.SessionRef{Route: model.RouteName(w.Route), Key: model.SessionKey(w.Key)},
		Generation: model.Generation(gen),
		Capacity:   int(w.Capacity),
		ExpiresAt:  w.ExpiresAt.Time,
	}, nil
}
