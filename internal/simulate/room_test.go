package simulate

import (
	"testing"

	"pgregory.net/rapid"
)

// Every session of a simulation is found again by its key.
func TestSessionNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := number(rapid.Int64Range(-1<<40, 1<<40).Filter(func(n int64) bool { return n != 0 }).Draw(t, "number"))
		if got := numberOf(n.key()); got != n {
			t.Fatalf("%d has the key %s, which is %d's", n, n.key(), got)
		}
	})
}

// Rooms are found by session and server, whatever was opened and closed before, also while a session has two.
func TestRoomsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all rooms
		servers := []*server{{}, {}, {}}
		type place struct {
			on *server
			n  number
		}
		there := map[place]*room{}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			p := place{rapid.SampledFrom(servers).Draw(t, "server"), number(rapid.Int64Range(-4, 4).Filter(func(n int64) bool { return n != 0 }).Draw(t, "session"))}
			if x := there[p]; x != nil {
				all.remove(x)
				delete(there, p)
			} else {
				there[p] = &room{server: p.on, session: p.n}
				all.add(there[p])
			}
			count := 0
			for _, s := range servers {
				count += len(s.rooms)
				for n := number(-4); n <= 4; n++ {
					if got, want := all.on(s, n), there[place{s, n}]; got != want {
						t.Fatalf("session %d: room %p, want %p", n, got, want)
					}
				}
			}
			if count != len(there) {
				t.Fatalf("servers have %d rooms, there are %d", count, len(there))
			}
		}
	})
}
