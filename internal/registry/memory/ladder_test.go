package memory

import (
	"testing"

	"pgregory.net/rapid"
)

type rung struct {
	place spot
	good  bool
}

func (r *rung) spot() *spot { return &r.place }

// The ladder finds what looking through everything finds.
func TestLadderFindsTheLowest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l ladder[*rung]
		things := make([]*rung, 8)
		for i := range things {
			things[i] = &rung{good: i%2 == 0}
		}
		lowest := func(fits func(*rung) bool) (rank int32) {
			for _, x := range things {
				if r := x.place.rank; r > 0 && fits(x) && (rank == 0 || r < rank) {
					rank = r
				}
			}
			return rank
		}
		check := func(name string, x *rung, ok bool, want int32) {
			if ok != (want > 0) || ok && x.place.rank != want {
				t.Fatalf("%s: %+v, %v; want rank %d", name, x, ok, want)
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			l.put(rapid.SampledFrom(things).Draw(t, "thing"), rapid.SampledFrom([]int{0, 1, 2, 63, 64, 65, 130, 300, 4095, 4096, 9000}).Draw(t, "rank"))
			from := rapid.OneOf(rapid.IntRange(0, 350), rapid.IntRange(4000, 9100)).Draw(t, "from")
			x, ok := l.from(from)
			check("from", x, ok, lowest(func(x *rung) bool { return x.place.rank >= int32(from) }))
			x, ok = l.find(from%64, func(x *rung) bool { return x.good })
			check("find", x, ok, lowest(func(x *rung) bool { return x.good && x.place.rank%64 >= int32(from%64) }))
		}
	})
}
