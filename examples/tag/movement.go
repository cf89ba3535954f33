package main

import (
	"errors"
	"math"
	"time"

	"greenroom.dev/greenroom/sdk/go/room"
)

// How players may move. Their clients say where they are some times a second, over networks that hold things up and then
// deliver all at once, so a player may catch up on as much way as it could have gone in jitter.
const (
	topSpeed = 6.0                    // metres a second
	jitter   = 500 * time.Millisecond // of standing still that may be caught up on
	rounding = 0.02                   // metres that a position on the wire is off at most
)

// Who is corrected now and then has a bad network; who is corrected all the time cheats.
const (
	warnAt   = 10   // strikes
	kickAt   = 25   // strikes
	forgiven = 2.0  // strikes a second
	bump     = 0.25 // strikes for running into a wall, where the server stops everybody anyway
)

// stride is what the server knows of a player's moving.
type stride struct {
	Way     float64       `json:"way"` // metres that the player may go at once
	At      time.Duration `json:"at"`  // the room's time when Way was so
	Strikes float64       `json:"strikes"`
	Warned  bool          `json:"warned"`
}

func (s *stride) pass(now time.Duration) {
	since := (now - s.At).Seconds()
	s.Way = min(s.Way+since*topSpeed, topSpeed*jitter.Seconds())
	s.Strikes = max(0, s.Strikes-since*forgiven)
	s.At = now
}

// Why a player is not where it says.
var (
	errWall = errors.New("there is a wall in the way")
	errFast = errors.New("that is faster than anybody runs")
)

// step lets a player go from where it stands to where it says, or as far that way as it may. The position it answers is one the
// player may stand on. An error says what was wrong with the wish.
func (s *stride) step(a *arena, from, wish room.Position, now time.Duration) (room.Position, error) {
	s.pass(now)
	wish.Z = 0
	if !a.open(from, wish) {
		s.Strikes += bump
		return from, errWall
	}
	way := from.Distance(wish)
	if way <= s.Way+rounding {
		s.Way -= way // by a rounding into debt
		return wish, nil
	}
	s.Strikes++
	part := s.Way / way
	short := wish
	short.X, short.Y = onGrid(from.X+(wish.X-from.X)*part), onGrid(from.Y+(wish.Y-from.Y)*part)
	if !a.open(from, short) { // by a rounding
		return from, errFast
	}
	s.Way = 0
	return short, errFast
}

// onGrid is the nearest number that the wire can say, in its default steps of 0.01.
func onGrid(metres float64) float64 { return math.Round(metres*100) / 100 }
