package main

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/sdk/go/room"
)

// A player stands at (5, 5) of the yard; the nearest wall is from (8, 6) to (10, 20). It has waited for as long as the step says.
func TestStep(t *testing.T) {
	for _, c := range []struct {
		name   string
		after  time.Duration
		x, y   float64
		atX    float64
		atY    float64
		wrong  error
		strike float64
	}{
		{"as fast as it may", 100 * time.Millisecond, 5.6, 5, 5.6, 5, nil, 0},
		{"a rounding more", 100 * time.Millisecond, 5.61, 5, 5.61, 5, nil, 0},
		{"twice as fast", 100 * time.Millisecond, 6.2, 5, 5.6, 5, errFast, 1},
		{"caught up after a hiccup", 500 * time.Millisecond, 5, 2, 5, 2, nil, 0},
		{"as much as that, however long the hiccup", time.Minute, 5, 0, 5, 2, errFast, 1},
		{"at once", 0, 5.1, 5, 5, 5, errFast, 1},
		{"standing", 0, 5, 5, 5, 5, nil, 0},
		{"out of the arena", time.Second, 5, -0.01, 5, 5, errWall, bump},
		{"into a wall", time.Second, 8, 6, 5, 5, errWall, bump},
		{"through a wall", time.Minute, 11, 7, 5, 5, errWall, bump},
		{"around the corner", time.Second, 7.5, 5.9, 7.5, 5.9, nil, 0},
		{"to the other end of the world", time.Second, 30, 5, 5, 5, errWall, bump},
	} {
		s := stride{At: time.Hour}
		at, wrong := s.step(&yard, room.Position{X: 5, Y: 5}, room.Position{X: c.x, Y: c.y}, time.Hour+c.after)
		if at.X != c.atX || at.Y != c.atY || wrong != c.wrong || s.Strikes != c.strike {
			t.Errorf("%s: to (%v, %v) for %v, %v strikes; not to (%v, %v) for %v, %v strikes",
				c.name, at.X, at.Y, wrong, s.Strikes, c.atX, c.atY, c.wrong, c.strike)
		}
	}
}

func TestStrikesAreForgiven(t *testing.T) {
	s := stride{Strikes: 10}
	s.pass(2 * time.Second)
	if s.Strikes != 6 {
		t.Errorf("%v strikes after 2 s", s.Strikes)
	}
	s.pass(time.Hour)
	if s.Strikes != 0 {
		t.Errorf("%v strikes after an hour", s.Strikes)
	}
}

// Whatever a player says and when, it stands where one may stand, went no way through a wall, and nowhere faster than it may.
func TestNobodyOutrunsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, now := room.Position{X: 5, Y: 5}, time.Duration(0)
		s := stride{}
		way := 0.0 // since the beginning
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 700).Draw(t, "wait")) * time.Millisecond
			wish := room.Position{
				X: float64(rapid.IntRange(-500, 4500).Draw(t, "x")) / 100,
				Y: float64(rapid.IntRange(-500, 3500).Draw(t, "y")) / 100,
			}
			if rapid.Bool().Draw(t, "near") {
				wish.X, wish.Y = onGrid(at.X+(wish.X-20)/30), onGrid(at.Y+(wish.Y-15)/30)
			}
			next, _ := s.step(&yard, at, wish, now)
			if !yard.inside(next) || next.Distance(at) > 0 && !yard.open(at, next) {
				t.Fatalf("from %v to %v", at, next)
			}
			way += at.Distance(next)
			if may := topSpeed*(now+jitter).Seconds() + 2*rounding; way > may {
				t.Fatalf("%v m in %v, at most %v m are possible", way, now, may)
			}
			at = next
		}
	})
}
