// Package roomtest plays a game of package room in a test: with the real room's rules, in virtual time, without sockets.
//
//	r := roomtest.New(t, newGame)
//	ann, bob := r.Enter("ann"), r.Enter("bob")
//	ann.SendEvent("click", "")
//	r.Step()
//	r.Wants(`
//		0.10 ann state clicks: 1
//		0.10 bob state clicks: 1`)
//	r.HandOver()
package roomtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/sdk/go/room"
)

// TB is what is needed of a *testing.T; a *rapid.T is one, too.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Room is a simulated room with a test. A panic of the game fails the test at once.
type Room struct {
	*room.Simulation
	t     TB
	story []string
}

// New makes a room with the default settings.
func New(t TB, game func(room.Session) room.Logic) *Room {
	return NewWith(t, game, room.SimulationConfig{Session: room.Session{Route: "test", Key: "room"}})
}

// NewWith makes the room that c says.
func NewWith(t TB, game func(room.Session) room.Logic, c room.SimulationConfig) *Room {
	return &Room{t: t, Simulation: room.Simulate(room.Options{New: game}, c)}
}

// Enter lets a player in. It takes a Step, and fails the test if the game turns the player away.
func (r *Room) Enter(player string) *room.SimPlayer {
	r.t.Helper()
	p := r.Join(player)
	r.Step()
	if !p.Connected() {
		r.t.Fatalf("%s was not let in: %d %s", player, p.Closed().Code, p.Closed().Reason)
	}
	return p
}

// Step is one tick.
func (r *Room) Step() {
	r.t.Helper()
	r.Simulation.Step()
	r.listen()
}

// Advance steps until d has passed, rounded up to whole ticks.
func (r *Room) Advance(d time.Duration) {
	r.t.Helper()
	for ; d > 0; d -= r.TickLength() {
		r.Step()
	}
}

// HandOver moves the room, with everybody in it, to another server.
func (r *Room) HandOver() {
	r.t.Helper()
	if err := r.Simulation.HandOver(); err != nil {
		r.t.Fatalf("hand over: %v", err)
	}
	r.listen()
}

// listen writes down what the players were told.
func (r *Room) listen() {
	r.t.Helper()
	for _, p := range r.Players() {
		for _, h := range p.Heard() {
			r.story = append(r.story, fmt.Sprintf("%.2f %s %s", r.Now().Seconds(), p.Player(), h))
		}
	}
	if faults := r.Faults(); len(faults) > 0 {
		r.t.Fatalf("the game failed in %v", faults[0])
	}
}

// Story is what the players were told since the last call of Story or Wants, a line each: the room's time in seconds, the
// player, what it was. Within a tick the players come in order of their joins. Positions are not in it.
func (r *Room) Story() []string {
	story := r.story
	r.story = nil
	return story
}

// Wants compares Story with lines, whose indentation and empty lines do not count.
func (r *Room) Wants(lines string) {
	r.t.Helper()
	var want []string
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" {
			want = append(want, line)
		}
	}
	if got := r.Story(); !slices.Equal(got, want) {
		r.t.Errorf("the players were told\n\t%s\nand should have been told\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
