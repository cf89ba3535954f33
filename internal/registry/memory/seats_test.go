package memory

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// A large session finds its seats through maps, a small one by looking through: both tell the same.
func TestSeatsAreFoundByPlayerAndByNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s seats
		want := map[model.PlayerID]seat{}
		next := model.SeatID(0)
		steps := rapid.IntRange(1, 6*indexFrom).Draw(t, "steps")
		players := rapid.SliceOfN(rapid.IntRange(0, 3*indexFrom), steps, steps).Draw(t, "players")
		for _, n := range players {
			p := model.PlayerID(fmt.Sprint(n))
			next++
			switch i := s.of(p); {
			case i < 0:
				x := seat{id: next, player: p, expires: int64(n % 2)}
				s.add(x, 3*indexFrom+1)
				want[p] = x
			case n%3 == 0:
				s.remove(i)
				delete(want, p)
			case n%3 == 1:
				s.claim(i, next)
				want[p] = seat{id: next, player: p}
			default:
				s.reserve(i, next, 1)
				want[p] = seat{id: next, player: p, expires: 1}
			}
			claimed := 0
			for p, x := range want {
				if i := s.of(p); i < 0 || s.list[i] != x || s.numbered(x.id) != i {
					t.Fatalf("%s: at %d and %d, want %+v", p, i, s.numbered(x.id), x)
				}
				if x.expires == 0 {
					claimed++
				}
			}
			if len(s.list) != len(want) || s.claimed != claimed || s.numbered(next+1) >= 0 {
				t.Fatalf("%d seats, %d claimed; want %d, %d", len(s.list), s.claimed, len(want), claimed)
			}
		}
	})
}
