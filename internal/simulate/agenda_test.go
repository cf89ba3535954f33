package simulate

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is put down is taken by time, and what has one time in its order, however far ahead it lies and although more is
// put down in between.
func TestAgendaOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type thing struct {
			at int64
			n  int
		}
		now := rapid.Int64Range(-2*slice, 2*slice).Draw(t, "start")
		a := newAgenda[int](now)
		var down []thing
		for n := range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "put") {
				unit := rapid.SampledFrom([]time.Duration{100 * time.Millisecond, time.Minute, time.Hour}).Draw(t, "unit")
				at := now + rapid.Int64Range(0, 5).Draw(t, "ahead")*int64(unit)
				for i := range rapid.SampledFrom([]int{1, 2, queueBound}).Draw(t, "as many") {
					a.put(at+int64(i), n)
					down = append(down, thing{at + int64(i), n})
				}
				continue
			}
			end := now + rapid.Int64Range(0, 90).Draw(t, "end")*int64(time.Minute)
			slices.SortFunc(down, func(a, b thing) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n)) })
			at, n, ok := a.take(end)
			if due := len(down) > 0 && down[0].at < end; ok != due || ok && (thing{at, n}) != down[0] {
				t.Fatalf("took %d of %d, %v; there is %v until %d", n, at, ok, down, end)
			}
			if ok {
				now, down = at, down[1:]
			}
		}
	})
}
