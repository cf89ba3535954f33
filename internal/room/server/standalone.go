package server

import (
	"context"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// standaloneServer is the name that tickets of a standalone server are for.
const standaloneServer = "standalone-00000000"

// Standalone is a control plane for development and benchmarks: it knows one fixed key, which is no secret, and reports
// to nobody.
type Standalone struct {
	Room model.RoomSettings

	mu       sync.Mutex
	released map[uint64]bool
	seats    uint64
}

func standaloneKeys() *ticket.Keys { return ticket.NewKeys([]byte("greenroom standalone development")) }

// Ticket makes a new seat in a session of seats for a player, good for an hour.
func (s *Standalone) Ticket(session model.SessionRef, player model.PlayerID, seats int) string {
	return ticket.NewSigner(standaloneKeys()).Sign(s.seat(session, player, seats))
}

// ConnectToken is Ticket for the UDP door.
func (s *Standalone) ConnectToken(session model.SessionRef, player model.PlayerID, seats int) string {
	return ticket.NewSigner(standaloneKeys()).Seal(s.seat(session, player, seats))
}

func (s *Standalone) seat(session model.SessionRef, player model.PlayerID, seats int) ticket.Claims {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seats++
	return ticket.Claims{
		Server: standaloneServer, Player: player, Seat: model.SeatID(s.seats), Session: session,
		Generation: 1, Capacity: seats, ExpiresAt: time.Now().Add(time.Hour),
	}
}

// Run implements Plane, as do the following.
func (s *Standalone) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Claim checks the ticket against the fixed key.
func (s *Standalone) Claim(token string) (sdk.Seat, error) {
	keys := []ticket.Key{standaloneKeys().ServerKey(standaloneServer)}
	c, err := ticket.Read(token, keys, standaloneServer, time.Now(), false)
	if err != nil {
		return sdk.Seat{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.released[uint64(c.Seat)] {
		return sdk.Seat{}, ticket.ErrReleased
	}
	return sdk.Seat{
		ID: uint64(c.Seat), Player: string(c.Player), Capacity: c.Capacity,
		Session: sdk.Session{Route: string(c.Session.Route), Key: string(c.Session.Key), Generation: uint64(c.Generation)},
	}, nil
}

// OpenConnect likewise.
func (s *Standalone) OpenConnect(part []byte) (ticket.Claims, ticket.DirectionKeys, error) {
	keys := []ticket.Key{standaloneKeys().ServerKey(standaloneServer)}
	return ticket.Open(part, keys, standaloneServer, time.Now(), false)
}

// Release remembers the seat, whose ticket opens nothing any more.
func (s *Standalone) Release(seat sdk.Seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.released == nil {
		s.released = map[uint64]bool{}
	}
	s.released[seat.ID] = true
}

// Lost does nothing.
func (s *Standalone) Lost(sdk.Seat) {}

// Refused does nothing.
func (s *Standalone) Refused(sdk.Seat) {}

// Copy does nothing.
func (s *Standalone) Copy(sdk.Session, []byte) {}

// Ended does nothing.
func (s *Standalone) Ended(sdk.Session) {}

// Settings are Room's.
func (s *Standalone) Settings() model.RoomSettings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Room.WithDefaults()
}

// CopyInterval is 0: never.
func (s *Standalone) CopyInterval() time.Duration { return 0 }

// Flag implements Plane: every flag is off.
func (s *Standalone) Flag(string, string) (value string, on bool) { return "", false }
