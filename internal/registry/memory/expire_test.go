package memory

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// Whatever comes in whatever order, all that is due is given, once, and the earliest first.
func TestDueQueueGivesWhatIsDueInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q dueQueue
		var want []int64
		now, next := int64(0), model.SeatID(0)
		seen := map[model.SeatID]bool{}
		steps := rapid.IntRange(1, 200).Draw(t, "steps")
		for _, step := range rapid.SliceOfN(rapid.Int64Range(-20, 60), steps, steps).Draw(t, "step") {
			if step >= 0 {
				next++
				q.push(due{at: now + 50 + step/20, seat: next})
				want = append(want, now+50+step/20)
				continue
			}
			now -= step
			slices.Sort(want)
			for {
				d, ok := q.pop(now)
				if !ok {
					break
				}
				if len(want) == 0 || d.at != want[0] || seen[d.seat] {
					t.Fatalf("at %d: %+v, want %v", now, d, want)
				}
				want, seen[d.seat] = want[1:], true
			}
			if len(want) > 0 && want[0] <= now {
				t.Fatalf("at %d: kept %v", now, want)
			}
		}
	})
}
