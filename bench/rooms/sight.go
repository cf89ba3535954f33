package main

import (
	"context"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/room/wire"
)

// sight is a room's area of interest, in steps.
type sight struct {
	Radius  float64
	Nearest int
	Keep    float64 // times as far may be who is seen already
}

// seen is what members saw at the end, held against where everybody was.
type seen struct {
	Viewers int
	Others  int // seen by all viewers together
	Wrong   int
	First   string // the first thing wrong
}

// stillTime is more than a room takes to tell the last positions and to look anew who is near.
const stillTime = time.Second

// lookAround has everybody stand still, and then checks what each member sees.
func (g *generator) lookAround(ctx context.Context, crowd *load.Crowd) (s seen, err error) {
	crowd.Quiet()
	if !pause(ctx, stillTime) {
		return s, ctx.Err()
	}
	where := map[string]wire.Position{}
	for i := range g.walks {
		where[memberName(i)] = g.walks[i].last
	}
	for i := range g.walks {
		view := g.walks[i].view.Look()
		s.Viewers++
		s.Others += len(view.Near) - 1
		for _, wrong := range g.spec.Sight.check(memberName(i), view, where) {
			if s.Wrong++; s.First == "" {
				s.First = wrong
			}
		}
	}
	return s, nil
}

// check holds a member's view against where everybody stands: those seen are shown where they are, are near enough, and
// nobody who is not seen is nearer than hysteresis excuses.
func (g *sight) check(me string, view load.Seen, where map[string]wire.Position) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, me+fmt.Sprintf(format, args...)) }
	own := where[me]
	if len(view.Members) != len(view.Near) {
		say(" sees %d members and %d positions", len(view.Members), len(view.Near))
	}
	if len(view.Near)-1 > g.Nearest {
		say(" sees %d others", len(view.Near)-1)
	}
	names := map[string]bool{}
	farthest := 0.0
	for member, at := range view.Near {
		name := view.Members[member]
		names[name] = true
		if truth, known := where[name]; !known || !at.Equal(truth) {
			say(" sees %q at %v, who is at %v", name, at, truth)
		}
		if name == me {
			continue
		}
		rank := distance2(own, at) / (g.Keep * g.Keep)
		if rank >= g.Radius*g.Radius*(1+rounding) {
			say(" sees %s, who is too far away", name)
		}
		farthest = max(farthest, rank)
	}
	if !names[me] {
		say(" does not see itself")
	}
	for name, at := range where {
		d2 := distance2(own, at)
		if names[name] || d2 >= g.Radius*g.Radius {
			continue
		}
		if len(view.Near)-1 < g.Nearest || d2 < farthest*(1-rounding) {
			say(" does not see %s, who is near", name)
		}
	}
	return wrong
}

// rounding is what two ways to compute one distance may differ by.
const rounding = 1e-9

func distance2(p, q wire.Position) float64 {
	x, y, z := float64(p.X)-float64(q.X), float64(p.Y)-float64(q.Y), float64(p.Z)-float64(q.Z)
	return x*x + y*y + z*z
}

func memberName(i int) string { return fmt.Sprintf("p%04d", i) }
