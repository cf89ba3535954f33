package bot

import (
	"context"
	"fmt"

	"greenroom.dev/greenroom/sdk/go/client"
)

// wsSeat is a seat taken by the Go client.
type wsSeat struct{ room *client.Room }

func enterWebSocket(ctx context.Context, c *crowd, key, name string, to listener) (seat, error) {
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
	room, err := c.api.JoinRoom(ctx, c.cfg.Route, key, name, options)
	if err != nil {
		return nil, err
	}
	return wsSeat{room}, nil
}

func (s wsSeat) set(key string, value []byte) error {
	_, err := s.room.SetState(key, value, client.Retain|client.Owned)
	return err
}

func (s wsSeat) send(name string, payload []byte) error {
	_, err := s.room.SendEvent(name, payload)
	return err
}

func (s wsSeat) move(to client.Position) error { return s.room.Move(to) }

func (s wsSeat) look() sight {
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

func (s wsSeat) waiting() int { return s.room.Waiting() }

func (s wsSeat) value(key string) []byte {
	state, _ := s.room.Get(key)
	return state.Value
}

func (s wsSeat) faults() faults {
	stats := s.room.Stats()
	return faults{gaps: stats.Gaps, duplicates: stats.Duplicates, missed: stats.Missed, resyncs: stats.Resyncs}
}

func (s wsSeat) over() <-chan struct{} { return s.room.Done() }

func (s wsSeat) err() error { return s.room.Err() }

func (s wsSeat) leave() { s.room.Leave() }
