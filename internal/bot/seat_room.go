package bot

import (
	"context"
	"fmt"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/sdk/go/client"
)

// roomSeat is a seat taken by the Go client, by WebSocket or UDP.
type roomSeat struct{ room *client.Room }

func enterRoom(ctx context.Context, c *crowd, key, name string, to listener) (seat, error) {
	options := client.Options{HTTP: c.cfg.API.HTTP, Handler: client.Handler{
		State: func(change client.StateChange) {
			if !change.Deleted {
				to.state(change.Value, change.Past)
			}
		},
		Position: func(at client.MemberPosition) { to.place(at.Data) },
		Event:    func(e client.Event) { to.event(e.Payload) },
		Missed:   func(uint64) { to.mayMiss() },
		Reject:   func(r client.Rejection) { to.refused(fmt.Sprintf("rejected with code %d: %s", r.Code, r.Sentence)) },
		Status: func(change client.StatusChange) {
			switch change.Status {
			case client.Reconnecting:
				to.lost(change.Told, change.Err)
			case client.Open:
				if change.Away > 0 {
					to.back(change.Away)
				}
			}
		},
	}}
	options.Endpoint = c.cfg.Transport
	options.Rejoin = func(ctx context.Context) (*greenroomv1.JoinResponse, error) {
		return c.api.Join(ctx, c.cfg.Route, key, name)
	}
	joined, err := options.Rejoin(ctx)
	if err != nil {
		return nil, fmt.Errorf("join %s as %s: %w", c.cfg.Route, name, err)
	}
	// Not JoinRoom, which takes WebSocket where a server has no UDP: a report should be of what was asked for.
	place, err := client.PlaceOf(joined, c.cfg.Transport, name)
	if err != nil {
		return nil, err
	}
	room, err := client.Enter(ctx, place, options)
	if err != nil {
		return nil, err
	}
	return roomSeat{room}, nil
}

func (s roomSeat) set(key string, value []byte) error {
	_, err := s.room.SetState(key, value, client.Retain|client.Owned)
	return err
}

func (s roomSeat) send(name string, payload []byte) error {
	_, err := s.room.SendEvent(name, payload)
	return err
}

func (s roomSeat) move(to client.Position) error { return s.room.Move(to) }

func (s roomSeat) look() sight {
	members, places := s.room.Members(), s.room.Positions()
	seen := sight{partial: s.room.Occupancy() > len(members), players: map[string]bool{}, places: map[string][]byte{}}
	for member, player := range members {
		seen.players[player] = true
		if at, known := places[member]; known && !at.Far {
			seen.places[player] = at.Data
		}
	}
	return seen
}

func (s roomSeat) waiting() int { return s.room.Waiting() }

func (s roomSeat) value(key string) []byte {
	state, _ := s.room.Get(key)
	return state.Value
}

func (s roomSeat) faults() faults {
	stats := s.room.Stats()
	return faults{gaps: stats.Gaps, duplicates: stats.Duplicates, missed: stats.Missed, resyncs: stats.Resyncs}
}

func (s roomSeat) over() <-chan struct{} { return s.room.Done() }

func (s roomSeat) err() error { return s.room.Err() }

func (s roomSeat) leave() { s.room.Leave() }
