package room

import (
	"cmp"
	"slices"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"

	"pgregory.net/rapid"
)

// point draws a position: crowded or spread, near the ends of the scale or not.
func point(t *rapid.T) *wire.Position {
	span := rapid.SampledFrom([]int{3, 200, 1 << 15}).Draw(t, "span")
	axis := func() int16 { return int16(rapid.IntRange(-span, span-1).Draw(t, "coordinate")) }
	return &wire.Position{X: axis(), Y: axis(), Z: axis()}
}

// A grid knows who is near as a look at all points does, however they came, moved and left.
func TestGridFindsWhoIsNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radius := rapid.SampledFrom([]float64{0.5, 1, 7.3, 150, 20_000, 100_000}).Draw(t, "radius")
		g := newGrid(rapid.SampledFrom([]float64{0.1, 5, 150, 1e9}).Draw(t, "grid"))
		all := map[int32]*wire.Position{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			id := int32(rapid.IntRange(0, 20).Draw(t, "id"))
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				delete(all, id)
				g.remove(id)
				continue
			}
			all[id] = point(t)
			g.put(id, all[id])
		}
		from := point(t)
		var want []neighbour
		for id, p := range all {
			d := dot{id, p.X, p.Y, p.Z}
			if d2 := d.distance2(from); float64(d2) < radius*radius {
				want = append(want, neighbour{id, d2})
			}
		}
		byID := func(a, b neighbour) int { return cmp.Compare(a.id, b.id) }
		got := g.near(nil, from, radius)
		slices.SortFunc(got, byID)
		slices.SortFunc(want, byID)
		if !slices.Equal(got, want) {
			t.Fatalf("near: %v, want %v", got, want)
		}
		if g.n != len(all) {
			t.Fatalf("%d points, want %d", g.n, len(all))
		}
	})
}

func TestFirstIsTheHeadOfAllSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) candidate {
			return candidate{int32(rapid.IntRange(0, 50).Draw(t, "id")), float64(rapid.IntRange(0, 9).Draw(t, "rank"))}
		}), 0, 40).Draw(t, "all")
		k := rapid.IntRange(0, 45).Draw(t, "k")
		order := func(a, b candidate) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id))
		}
		want := slices.Clone(all)
		slices.SortFunc(want, order)
		want = want[:min(k, len(want))]
		got := first(all, k)
		slices.SortFunc(got, order)
		if !slices.Equal(got, want) {
			t.Fatalf("first %d: %v, want %v", k, got, want)
		}
	})
}

// Who is seen, told without the arithmetic of sight.go: near enough, not too many, and nobody unseen has a better claim.
func TestSightRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := reachOf(&model.RoomSettings{PositionStep: 0.5, Interest: model.Interest{
			Radius: rapid.SampledFrom([]float64{1, 60, 8000}).Draw(t, "radius"), Hysteresis: 0.25,
			Nearest: rapid.IntRange(1, 8).Draw(t, "nearest"),
		}})
		g := newGrid(s.radius)
		n := rapid.IntRange(1, 25).Draw(t, "members")
		dots := make([]dot, n)
		seen := make([]bool, n)
		for i := range n {
			p := point(t)
			dots[i] = dot{int32(i), p.X, p.Y, p.Z}
			g.put(int32(i), p)
			seen[i] = rapid.Bool().Draw(t, "seen")
		}
		me := &wire.Position{X: dots[0].x, Y: dots[0].y, Z: dots[0].z}
		picked := first(s.sighted(nil, g.near(nil, me, s.radius*s.keep), 0, func(id int32) bool { return seen[id] }), s.nearest)
		now := make([]bool, n)
		for _, c := range picked {
			now[c.id] = true
		}
		if len(picked) > s.nearest || now[0] {
			t.Fatalf("%d seen of at most %d, itself %v", len(picked), s.nearest, now[0])
		}
		for i := 1; i < n; i++ {
			d2 := float64(dots[i].distance2(me))
			if now[i] && d2 >= s.radius*s.radius && (!seen[i] || d2 >= 1.25*1.25*s.radius*s.radius) {
				t.Fatalf("member %d is seen at %v of %v, before: %v", i, d2, s.radius*s.radius, seen[i])
			}
			if now[i] || d2 >= s.radius*s.radius {
				continue
			}
			if len(picked) < s.nearest {
				t.Fatalf("member %d is in reach and not seen, though only %d are", i, len(picked))
			}
			for _, c := range picked {
				if other := float64(dots[c.id].distance2(me)); other > 1.25*1.25*d2 && other > d2 {
					t.Fatalf("member %d at %v is not seen, %d at %v is", i, d2, c.id, other)
				}
			}
		}
	})
}
