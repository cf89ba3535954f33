package room

import (
	"testing"

	core "greenroom.dev/greenroom/internal/room"
)

// What another server froze is taken whole or refused, and never fails the process.
func FuzzRestore(f *testing.F) {
	o := Options{New: func(Session) Logic { return Base{} }}
	s := Simulate(o, SimulationConfig{})
	s.Join("ann")
	s.Step()
	var state []byte
	if err := s.room.Freeze(func(b []byte) { state = b }); err != nil {
		f.Fatal(err)
	}
	s.Step()
	f.Add(state)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := Simulate(o, SimulationConfig{})
		r, err := core.Restore(s.coreConfig(), b, true, s.now)
		if len(s.faults) > 0 {
			t.Fatal(s.faults[0])
		}
		if err == nil {
			s.room = r
			s.Step()
		}
	})
}
