package room_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/sdk/go/room"
	"greenroom.dev/greenroom/sdk/go/room/roomtest"
)

// script is a game that does what a test says.
type script struct {
	room.Base
	join  func(r *room.Room, m room.Member) error
	event func(r *room.Room, from room.Member, e *room.Event) error
	state func(r *room.Room, from room.Member, s *room.State) error
	sig   func(r *room.Room, from room.Member, s *room.Signal) error
	tick  func(r *room.Room, dt time.Duration)
	own   string
}

func (s *script) Join(r *room.Room, m room.Member) error {
	if s.join != nil {
		return s.join(r, m)
	}
	return nil
}

func (s *script) Event(r *room.Room, from room.Member, e *room.Event) error {
	if s.event != nil {
		return s.event(r, from, e)
	}
	return nil
}

func (s *script) State(r *room.Room, from room.Member, st *room.State) error {
	if s.state != nil {
		return s.state(r, from, st)
	}
	return nil
}

func (s *script) Signal(r *room.Room, from room.Member, sig *room.Signal) error {
	if s.sig != nil {
		return s.sig(r, from, sig)
	}
	return nil
}

func (s *script) Tick(r *room.Room, dt time.Duration) {
	if s.tick != nil {
		s.tick(r, dt)
	}
}

func (s *script) Freeze(*room.Room) ([]byte, error) { return []byte(s.own), nil }

func (s *script) Restore(_ *room.Room, state []byte) error {
	s.own = string(state)
	return nil
}

func play(t *testing.T, s *script) *roomtest.Room {
	return roomtest.New(t, func(room.Session) room.Logic { return s })
}

// The room's clock, its chances and its beat go on in a hand-over, though the next server's clock shows another time.
func TestHandOverKeepsTheRoomsOwn(t *testing.T) {
	run := func(moves bool) string {
		var seen []string
		make := func(room.Session) room.Logic {
			return &script{
				join: func(r *room.Room, _ room.Member) error {
					r.TickEvery(100 * time.Millisecond)
					return nil
				},
				tick: func(r *room.Room, dt time.Duration) {
					seen = append(seen, fmt.Sprint(r.Now(), dt, r.Random().IntN(1000)))
				},
			}
		}
		r := roomtest.New(t, make)
		r.Enter("ann")
		for i := range 10 {
			if moves && i%3 == 1 {
				r.HandOver()
			} else {
				r.Advance(2 * r.TickLength())
			}
		}
		return strings.Join(seen, "; ")
	}
	if stayed, moved := run(false), run(true); stayed != moved || !strings.Contains(stayed, "100ms") {
		t.Errorf("a room that stayed saw\n%s\nand one that moved\n%s", stayed, moved)
	}
}

func TestWhatAGameMayDoWithMessages(t *testing.T) {
	s := &script{
		state: func(_ *room.Room, from room.Member, s *room.State) error {
			s.Value, s.TTL, s.Owned = append([]byte(from.Player+" says "), s.Value...), 200*time.Millisecond, false
			return nil
		},
		sig: func(r *room.Room, _ room.Member, s *room.Signal) error {
			switch s.Name {
			case "all":
				s.To = s.To[:0]
				for m := range r.Members() {
					s.To = append(s.To, m.ID)
				}
			case "game": // for the game alone
				return r.SetState("heard", s.Payload)
			}
			return nil
		},
	}
	r := play(t, s)
	ann, bob := r.Enter("ann"), r.Enter("bob")
	r.Story()
	ann.SetState(room.State{Key: "hat", Value: []byte("red"), Kept: true, Owned: true})
	ann.SendSignal("all", "hi", bob.ID())
	ann.SendSignal("game", "psst")
	r.Step()
	ann.Leave()
	r.Advance(250 * time.Millisecond)
	r.Wants(`
		0.10 ann signal all: hi
		0.10 ann state hat: ann says red
		0.10 ann state heard: psst
		0.10 bob signal all: hi
		0.10 bob state hat: ann says red
		0.10 bob state heard: psst
		0.15 bob left ann
		0.30 bob gone hat`)
}

func TestJoinsAreTurnedAway(t *testing.T) {
	r := play(t, &script{join: func(_ *room.Room, m room.Member) error {
		switch m.Player {
		case "eve":
			return errors.New("no Eves")
		case "max":
			return &room.CloseWith{Code: room.FirstRetryCode, Reason: "later"}
		case "odd":
			return &room.CloseWith{Code: 4001, Reason: "not a game's code"}
		}
		return nil
	}})
	r.Enter("ann")
	for player, want := range map[string]room.CloseWith{
		"eve": {Code: 4112, Reason: "no Eves"}, "max": {Code: 4050, Reason: "later"}, "odd": {Code: 4112, Reason: "not a game's code"},
	} {
		p := r.Join(player)
		r.Step()
		if p.Connected() || p.Closed() != want {
			t.Errorf("%s: %+v, not %+v", player, p.Closed(), want)
		}
	}
	for _, line := range r.Story() {
		if strings.Contains(line, " ann ") {
			t.Errorf("ann was told of it: %s", line)
		}
	}
}

func TestWorksComeBackIntoTheRoom(t *testing.T) {
	r := play(t, &script{event: func(r *room.Room, from room.Member, e *room.Event) error {
		return r.Go(func(context.Context) func(*room.Room) {
			answer := append([]byte("the level of "), from.Player...) // of a database
			return func(r *room.Room) { _ = r.SetState("level", answer) }
		})
	}})
	ann := r.Enter("ann")
	ann.SendEvent("load", "")
	r.Step()
	r.Step()
	if got := ann.State("level"); got != "the level of ann" {
		t.Errorf("level is %q", got)
	}
}

// Near members are seen, far ones not; what is the room's, everybody knows. Who was turned away leaves no trace.
func TestAreaOfInterest(t *testing.T) {
	places := map[string]float64{"ann": 0, "bob": 3, "eve": 100, "max": 1}
	settings := &greenroomv1.RoomSettings{
		Tick:     durationpb.New(50 * time.Millisecond),
		Interest: &greenroomv1.Interest{Radius: 10, Refresh: durationpb.New(50 * time.Millisecond)},
	}
	r := roomtest.NewWith(t, func(room.Session) room.Logic {
		return &script{join: func(r *room.Room, m room.Member) error {
			if err := errors.Join(
				r.SetStateOf(m.ID, "hat/"+m.Player, []byte("red")), r.SetState("last", []byte(m.Player)),
				r.Move(m.ID, room.Position{X: places[m.Player]}),
			); err != nil {
				return err
			}
			if m.Player == "max" {
				return errors.New("no more hats")
			}
			return nil
		}}
	}, room.SimulationConfig{Settings: settings})
	ann, bob, eve := r.Enter("ann"), r.Enter("bob"), r.Enter("eve")
	r.Join("max")
	r.Advance(500 * time.Millisecond)
	if len(ann.Members()) != 2 || ann.Members()[bob.ID()] != "bob" || ann.State("hat/bob") != "red" || ann.State("hat/eve") != "" {
		t.Errorf("ann sees %v", ann.Members())
	}
	if len(eve.Members()) != 1 || eve.State("last") != "max" {
		t.Errorf("eve sees %v, and %q was the last", eve.Members(), eve.State("last"))
	}
	for _, line := range r.Story() {
		if strings.Contains(line, "joined max") || strings.Contains(line, "hat/max") {
			t.Errorf("told: %s", line)
		}
	}
}

// What is set comes back as the number that was set.
func TestPositionsAreRoundedToSteps(t *testing.T) {
	var seen []room.Position
	s := &script{}
	r := play(t, s)
	ann := r.Enter("ann")
	for _, p := range []room.Position{
		{X: 18.9, Y: -0.07, Z: 327.67, Yaw: 90}, {X: 0.004, Y: 1e9, Yaw: -90}, {X: math.NaN(), Y: math.Inf(-1), Yaw: math.NaN()},
	} {
		ann.Move(p)
		r.Step()
		at, _ := ann.Position(ann.ID())
		at.Data = nil
		seen = append(seen, at)
	}
	want := "[{18.9 -0.07 327.67 90 []} {0 327.67 0 270 []} {0 0 0 0 []}]"
	if got := fmt.Sprint(seen); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if d := (room.Position{X: 1, Y: 2, Z: 2}).Distance(room.Position{}); d != 3 {
		t.Errorf("distance %v", d)
	}
}

func TestStatesByPrefix(t *testing.T) {
	var keys []string
	r := play(t, &script{event: func(r *room.Room, _ room.Member, _ *room.Event) error {
		for _, key := range []string{"b/2", "a/1", "b/1", "c"} {
			if err := r.SetState(key, nil); err != nil {
				return err
			}
		}
		if err := r.DeleteState("b/1"); err != nil {
			return err
		}
		for s := range r.States("b/") {
			keys = append(keys, s.Key)
		}
		if r.SetStateOf(99, "x", nil) != room.ErrNoMember {
			t.Error("a stranger owns a state")
		}
		return nil
	}})
	r.Enter("ann").SendEvent("go", "")
	r.Step()
	if !slices.Equal(keys, []string{"b/2"}) {
		t.Errorf("%v", keys)
	}
}
