package main

import (
	"math"
	"math/rand/v2"

	"greenroom.dev/greenroom/sdk/go/room"
)

// arena is where players run: from 0 to width and depth, in metres, around walls. Heights do not matter.
type arena struct {
	width, depth float64
	walls        []wall
}

// wall is a box that nobody gets into, its edges included.
type wall struct{ x0, y0, x1, y1 float64 }

// yard is the arena of the game.
var yard = arena{
	width: 40, depth: 30,
	walls: []wall{
		{8, 6, 10, 20},
		{18, 0, 20, 8},
		{18, 14, 20, 30},
		{28, 10, 36, 12},
	},
}

// inside tells whether a player may stand there.
func (a *arena) inside(p room.Position) bool {
	if !(p.X >= 0 && p.X <= a.width && p.Y >= 0 && p.Y <= a.depth) {
		return false
	}
	for _, w := range a.walls {
		if p.X >= w.x0 && p.X <= w.x1 && p.Y >= w.y0 && p.Y <= w.y1 {
			return false
		}
	}
	return true
}

// open tells whether a player may go straight from one place to another.
func (a *arena) open(from, to room.Position) bool {
	if !a.inside(to) {
		return false
	}
	for _, w := range a.walls {
		if w.cuts(from, to) {
			return false
		}
	}
	return true
}

// cuts tells whether the way from p to q touches the wall: the part of the way that is within the wall's extent
// in x and the part within it in y have something in common.
func (w wall) cuts(p, q room.Position) bool {
	enter, leave := 0.0, 1.0
	for _, axis := range [2]struct{ from, to, low, high float64 }{{p.X, q.X, w.x0, w.x1}, {p.Y, q.Y, w.y0, w.y1}} {
		way := axis.to - axis.from
		if way == 0 {
			if axis.from < axis.low || axis.from > axis.high {
				return false
			}
			continue
		}
		first, last := (axis.low-axis.from)/way, (axis.high-axis.from)/way
		enter, leave = max(enter, min(first, last)), min(leave, max(first, last))
	}
	return enter <= leave
}

// somewhere is a place to stand, on a whole step of the wire.
func (a *arena) somewhere(random *rand.Rand) room.Position {
	for {
		p := room.Position{X: math.Floor(random.Float64() * a.width), Y: math.Floor(random.Float64() * a.depth)}
		if a.inside(p) {
			return p
		}
	}
}
