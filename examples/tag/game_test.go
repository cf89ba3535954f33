package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/sdk/go/room"
	"greenroom.dev/greenroom/sdk/go/room/roomtest"
)

// lawn is an arena without walls.
var lawn = arena{width: 40, depth: 30}

// field is a game on the lawn.
type field struct {
	*roomtest.Room
	t roomtest.TB
}

func newField(t roomtest.TB) field {
	return field{roomtest.New(t, func(s room.Session) room.Logic {
		g := newTag(s).(*tag)
		g.arena = &lawn
		return g
	}), t}
}

func (f field) game() *tag { return f.Logic().(*tag) }

func (f field) at(p *room.SimPlayer) room.Position {
	f.t.Helper()
	at, ok := p.Position(p.ID())
	if !ok {
		f.t.Fatalf("%s stands nowhere", p.Player())
	}
	return at
}

// walk has a player go somewhere, as fast as it may.
func (f field) walk(p *room.SimPlayer, x, y float64) {
	f.t.Helper()
	goal := room.Position{X: x, Y: y}
	for f.at(p).Distance(goal) > 0 {
		at := f.at(p)
		part := min(1, 0.95*topSpeed*f.TickLength().Seconds()/at.Distance(goal))
		p.Move(room.Position{X: onGrid(at.X + (x-at.X)*part), Y: onGrid(at.Y + (y-at.Y)*part)})
		f.Step()
	}
}

// tells is the story so far as ann heard it, but for those who came.
func (f field) tells(want string) {
	f.t.Helper()
	var lines []string
	for _, line := range f.Story() {
		if _, what, _ := strings.Cut(line, " "); strings.HasPrefix(what, "ann ") && !strings.Contains(what, "joined") {
			lines = append(lines, strings.TrimPrefix(what, "ann "))
		}
	}
	got := strings.Join(lines, "\n")
	if want = strings.ReplaceAll(strings.TrimSpace(want), "\t", ""); got != want {
		f.t.Errorf("ann heard\n%s\n\nand should have heard\n%s", got, want)
	}
}

func TestTag(t *testing.T) {
	f := newField(t)
	ann, bob := f.Enter("ann"), f.Enter("bob")
	f.walk(bob, 20, 10)
	f.walk(ann, 18.9, 10)
	f.Story()
	if ann.State("it") != "ann" {
		t.Fatalf("%s is it, and not ann, who came first", ann.State("it"))
	}
	f.walk(ann, 19, 10) // within reach
	f.tells(`
		state score/ann: 1
		state it: bob
		event tagged: {"by":"ann","who":"bob"}`)
	f.Advance(noTagBacks - 2*f.TickLength()) // face to face, but ann is safe
	f.tells("")
	f.Step()
	f.Step()
	f.tells(`
		state score/bob: 1
		state it: ann
		event tagged: {"by":"bob","who":"ann"}`)
}

func TestWhoIsItLeaves(t *testing.T) {
	f := newField(t)
	here := map[string]*room.SimPlayer{}
	for _, name := range []string{"ann", "bob", "eve", "max"} {
		here[name] = f.Enter(name)
	}
	for it := here["ann"]; len(here) > 1; {
		it.Leave()
		f.Step()
		delete(here, it.Player())
		next := f.game().It
		for name, p := range here {
			if p.ID() == next {
				it = p
			}
			if p.State("score/"+name) != "0" || p.Members()[next] != p.State("it") || here[p.State("it")] == nil {
				t.Errorf("%s says that %q is it, of %v", name, p.State("it"), p.Members())
			}
		}
	}
	for _, last := range here {
		last.Leave()
	}
	f.Step()
	if f.game().It != 0 {
		t.Errorf("%d is it, and nobody is there", f.game().It)
	}
}

func TestRounds(t *testing.T) {
	f := newField(t)
	ann, bob := f.Enter("ann"), f.Enter("bob")
	f.walk(bob, 20, 10)
	f.walk(ann, 19, 10)
	f.walk(ann, 30, 30)
	f.Story()
	f.Advance(f.game().Ends - f.Now() - f.TickLength())
	f.tells("")
	f.Step()
	f.tells(`
		state score/ann: 0
		state score/bob: 0
		state round: {"ends":120,"number":2}
		event round: {"best":"ann","number":1,"tags":1}`)
}

// A player whose client is changed to run faster gets nowhere by it, is warned and then thrown out.
func TestCheater(t *testing.T) {
	f := newField(t)
	ann, eve := f.Enter("ann"), f.Enter("eve")
	f.walk(eve, 0, 0)
	f.Story()
	began := f.Now()
	for eve.Connected() {
		at := f.at(eve)
		eve.Move(room.Position{X: at.X + 10, Y: at.Y})
		f.Step()
		if at := f.at(eve); at.X > topSpeed*(f.Now()-began+jitter).Seconds()+rounding {
			t.Fatalf("eve is at %v after %v", at.X, f.Now()-began)
		}
		if f.at(eve).X > 29 {
			t.Fatal("eve got away with it")
		}
	}
	f.Step()
	var told []string
	for _, line := range f.Story() {
		if strings.Contains(line, "eve") && !strings.Contains(line, "corrected") {
			told = append(told, line[strings.Index(line, " ")+1:])
		}
	}
	want := "eve signal warning: that is faster than anybody runs|ann left eve|ann gone score/eve|eve closed 4150: nobody moves like that"
	if got := strings.Join(told, "|"); got != want {
		t.Errorf("heard\n%s\nnot\n%s", got, want)
	}
	if len(ann.Members()) != 1 {
		t.Error("eve is still there")
	}
}

func TestPlayersSetNothing(t *testing.T) {
	f := newField(t)
	ann := f.Enter("ann")
	f.Story()
	ann.SetState(room.State{Key: "it", Value: []byte("bob"), Kept: true})
	ann.SetState(room.State{Key: "score/bob", Value: []byte("99"), Kept: true})
	ann.SendEvent("tagged", `{"by":"ann","who":"bob"}`)
	ann.SendEvent("chat", "hi")
	f.Step()
	f.tells(`
		refused: it is the room's
		refused: players set nothing in this game
		refused: players say nothing but chat in this game
		event chat: hi`)
}

// A room that moves in the middle of a round goes on as if it had not.
func TestHandOver(t *testing.T) {
	play := func(moves bool) string {
		f := newField(t)
		ann, bob := f.Enter("ann"), f.Enter("bob")
		f.walk(bob, 20, 10)
		f.walk(ann, 19, 10) // bob is it, and ann safe for 3 s
		f.Story()
		for i := range 60 { // the safe time, and some
			if moves && i%20 == 10 {
				f.HandOver() // two ticks
			} else {
				f.Advance(2 * f.TickLength())
			}
		}
		f.walk(bob, 5, 5)
		f.Advance(f.game().Ends - f.Now())
		state, _ := json.Marshal(f.game().game)
		var states []string
		for _, key := range []string{"it", "round", "score/ann", "score/bob"} {
			states = append(states, key+"="+ann.State(key))
		}
		return fmt.Sprintf("%s\n%v\n%s\n%v %v", strings.Join(f.Story(), "\n"), states, state, f.at(ann), f.at(bob))
	}
	if stayed, moved := play(false), play(true); stayed != moved {
		t.Errorf("a room that stayed:\n%s\n\nand one that moved three times:\n%s", stayed, moved)
	}
}

// Whatever players do: exactly one of them is it, all stand in the arena, and everybody sees the same.
func TestOneIsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := field{roomtest.New(t, newTag), t}
		var here []*room.SimPlayer
		for i := range rapid.IntRange(1, 60).Draw(t, "acts") {
			some := func() *room.SimPlayer { return here[rapid.IntRange(0, len(here)-1).Draw(t, "who")] }
			switch act := rapid.IntRange(0, 9).Draw(t, "act"); {
			case act == 0 || len(here) == 0:
				here = append(here, f.Enter(fmt.Sprintf("p%d", i)))
			case act == 1:
				some().Leave()
			case act == 2:
				some().Lose()
			case act == 3:
				f.HandOver()
			case act == 4:
				f.Advance(time.Duration(rapid.IntRange(0, 15).Draw(t, "seconds")) * time.Second)
			default:
				some().Move(room.Position{
					X: float64(rapid.IntRange(-100, 5000).Draw(t, "x")) / 100, Y: float64(rapid.IntRange(-100, 4000).Draw(t, "y")) / 100,
				})
			}
			f.Step()
			if f.Ended() {
				return
			}
			here = f.check(here)
		}
	})
}

// check answers who is still connected.
func (f field) check(here []*room.SimPlayer) []*room.SimPlayer {
	f.t.Helper()
	var still []*room.SimPlayer
	for _, p := range here {
		if p.Connected() {
			still = append(still, p)
		}
	}
	for _, p := range still {
		it := 0
		for id, player := range p.Members() {
			if player == p.State("it") {
				it++
			}
			if at, ok := p.Position(id); !ok || !yard.inside(at) {
				f.t.Fatalf("%s sees %s at %v, %v", p.Player(), player, at, ok)
			}
		}
		if it != 1 || p.State("it") != still[0].State("it") {
			f.t.Fatalf("%d are it, says %s: %q, and %s says %q", it, p.Player(), p.State("it"), still[0].Player(), still[0].State("it"))
		}
	}
	return still
}
