package room_test

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/sdk/go/room"
)

// foggy tells everybody that comes how its flag stands.
type foggy struct{ room.Base }

func (foggy) Join(r *room.Room, m room.Member) error {
	if density, on := r.Flag("fog", m.Player); on {
		return r.SetState("fog/"+m.Player, []byte(density))
	}
	return nil
}

func TestAGameAsksForFlags(t *testing.T) {
	s := room.Simulate(room.Options{New: func(room.Session) room.Logic { return foggy{} }}, room.SimulationConfig{
		Session: room.Session{Route: "plaza", Key: "k"},
		Flag: func(name, key string) (string, bool) {
			if name == "fog" && key == "ann" {
				return "thick", true
			}
			return "", false
		},
	})
	ann := s.Join("ann")
	s.Join("bob")
	s.Advance(time.Second)
	if got := ann.State("fog/ann"); got != "thick" {
		t.Errorf("ann's fog: %q", got)
	}
	if got := ann.State("fog/bob"); got != "" {
		t.Errorf("bob's fog: %q", got)
	}
}
