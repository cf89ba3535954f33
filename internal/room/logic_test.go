package room_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// diary is a logic that writes down what it is asked, and does as the test says.
type diary struct {
	lines   []string
	hand    *room.Authority
	message func(a *room.Authority, from room.MemberInfo, m *room.Message) string
	join    func(a *room.Authority, m room.MemberInfo) *room.Refusal
	tick    func(a *room.Authority)
	state   []byte
	refuse  error // of Restore
	faults  []room.Fault
}

func (d *diary) note(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) Start(a *room.Authority) {
	d.hand = a
	d.note("start")
}

func (d *diary) Restore(a *room.Authority, state []byte) error {
	d.hand = a
	d.note("restore %s with %d members", state, a.Count())
	return d.refuse
}

func (d *diary) Join(a *room.Authority, m room.MemberInfo) *room.Refusal {
	d.note("join %s", m.Player)
	if d.join != nil {
		return d.join(a, m)
	}
	return nil
}

func (d *diary) Leave(_ *room.Authority, m room.MemberInfo) {
	d.note("leave %s away=%v", m.Player, m.Away)
}

func (d *diary) Message(a *room.Authority, from room.MemberInfo, m *room.Message) string {
	if m.Kind != room.KindPosition {
		d.note("message %s %s=%s", from.Player, m.Name, m.Value)
	}
	if d.message != nil {
		return d.message(a, from, m)
	}
	return ""
}

func (d *diary) Tick(a *room.Authority, dt time.Duration) {
	d.note("tick %v", dt)
	if d.tick != nil {
		d.tick(a)
	}
}

func (d *diary) Freeze(*room.Authority) []byte { return d.state }

func (d *diary) Ended(_ *room.Authority, moved bool) { d.note("ended moved=%v", moved) }

// wants compares what was written down since the last call.
func (d *diary) wants(t *testing.T, lines ...string) {
	t.Helper()
	if !slices.Equal(d.lines, lines) {
		t.Errorf("the logic was called\n\t%s\nand should have been\n\t%s", strings.Join(d.lines, "\n\t"), strings.Join(lines, "\n\t"))
	}
	d.lines = nil
}

func newGame(t *testing.T) (*table, *diary) {
	d := &diary{}
	tb := newTable(t, func(cfg *room.Config) {
		cfg.Logic = d
		cfg.Counters = new(room.Counters)
		cfg.Hooks.Fault = func(f room.Fault) { d.faults = append(d.faults, f) }
	})
	return tb, d
}

func TestLogicSeesEverythingFirst(t *testing.T) {
	tb, d := newGame(t)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	d.message = func(_ *room.Authority, _ room.MemberInfo, m *room.Message) string {
		switch string(m.Value) {
		case "rude":
			return "no rudeness"
		case "quiet":
			m.Value = []byte("LOUD")
		case "nameless":
			m.Name = ""
		}
		return ""
	}
	for _, m := range []room.Message{event("say", "quiet"), event("say", "rude"), retained("k", "quiet"), event("say", "nameless")} {
		ann.send(tb.now, m)
	}
	tb.tick(tick)
	equal(t, "events", fmt.Sprint(bob.events), "[say=LOUD]")
	equal(t, "states", bob.state["k"], "LOUD")
	equal(t, "rejected", fmt.Sprint(ann.rejected), fmt.Sprint([]wire.RejectCode{wire.RejectRefused, wire.RejectBadName}))
	ann.link.Leave()
	bob.link.Lost()
	tb.tick(tick)
	tb.tick(time.Minute)
	d.wants(
		t, "start", "join ann", "join bob",
		"message ann say=quiet", "message ann say=rude", "message ann k=quiet", "message ann say=nameless",
		"leave ann away=false", "leave bob away=true",
	)
}

func TestLogicLetsNobodyIn(t *testing.T) {
	tb, d := newGame(t)
	ann := tb.enter("ann", 1)
	d.join = func(a *room.Authority, m room.MemberInfo) *room.Refusal {
		must(t, a.SetState(m.ID, "of/"+m.Player, []byte("x"), wire.Retain|wire.Owned, 0))
		if m.Player == "eve" {
			return &room.Refusal{Code: wire.CloseRefused, Reason: "no Eves"}
		}
		return &room.Refusal{Code: 4150, Reason: "full moon"}
	}
	eve := tb.enter("eve", 2)
	max := tb.enter("max", 3)
	equal(t, "eve's code", eve.conn.code, wire.CloseRefused)
	equal(t, "max's code", max.conn.code, 4150)
	equal(t, "seats given back", fmt.Sprint(tb.released), "[2 3]")
	equal(t, "members", len(ann.members), 1)
	equal(t, "states", len(ann.state), 0)
	d.wants(t, "start", "join ann", "join eve", "join max")
}

func TestLogicMovesAndCorrects(t *testing.T) {
	tb, d := newGame(t)
	d.join = func(a *room.Authority, m room.MemberInfo) *room.Refusal {
		must(t, a.Move(m.ID, wire.Position{X: 5}))
		return nil
	}
	d.message = func(_ *room.Authority, from room.MemberInfo, m *room.Message) string {
		switch {
		case m.Position.X > 100:
			return "too far"
		case m.Position.X > 50:
			m.Position.X = 50
		}
		return ""
	}
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	equal(t, "ann starts at", bob.positions[ann.member].X, 5)
	for _, step := range []struct {
		says, is  int16
		corrected bool
	}{{20, 20, false}, {200, 20, true}, {70, 50, true}, {70, 50, true}, {30, 30, false}} {
		ann.signals = nil
		ann.stand(tb.now, step.says, 0)
		tb.tick(tick)
		equal(t, fmt.Sprintf("ann says %d and is at", step.says), bob.positions[ann.member].X, step.is)
		want := "[]"
		if step.corrected {
			body := wire.Correction{Serial: ann.serial, At: &wire.Position{X: step.is}}.Append(nil)
			want = fmt.Sprintf("[0 %s=%s]", wire.CorrectSignal, body)
		}
		equal(t, "ann is told", fmt.Sprint(ann.signals), want)
	}
}

func TestLogicActsInTheRoom(t *testing.T) {
	tb, d := newGame(t)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	d.message = func(a *room.Authority, from room.MemberInfo, m *room.Message) string {
		switch m.Name {
		case "kick":
			must(t, a.Event("bye", nil))
			must(t, a.Kick(bob.member, wire.CloseRemoved, "out"))
			equal(t, "members during the call", a.Count(), 2)
		case "end":
			must(t, a.SetState(0, "winner", []byte(from.Player), wire.Retain, 0))
			must(t, a.Signal([]uint64{from.ID}, "you", []byte("won")))
			a.End(wire.CloseEnded, "over")
		case "ask":
			equal(t, "unknown member", a.Signal([]uint64{99}, "x", nil), room.ErrNoMember)
			equal(t, "unknown owner", a.SetState(99, "x", nil, 0, 0), room.ErrNoMember)
			if a.Event("bad/", nil) == nil || a.Event("x", make([]byte, 1<<20)) == nil {
				t.Error("bad events were taken")
			}
		}
		return ""
	}
	ann.send(tb.now, event("ask", ""))
	ann.send(tb.now, event("kick", ""))
	tb.tick(tick)
	equal(t, "bob's code", bob.conn.code, wire.CloseRemoved)
	equal(t, "seats given back", fmt.Sprint(tb.released), "[2]")
	equal(t, "the room's event comes first", fmt.Sprint(ann.events), "[ask= bye= kick=]")
	ann.send(tb.now, event("end", ""))
	tb.tick(tick)
	equal(t, "ann is told before the end", ann.state["winner"]+fmt.Sprint(ann.signals), "ann[0 you=won]")
	equal(t, "ann's code", ann.conn.code, wire.CloseEnded)
	equal(t, "the session has ended", tb.ended, true)
	equal(t, "outside", d.hand.Event("x", nil), room.ErrOutside)
	d.wants(
		t, "start", "join ann", "join bob", "message ann ask=", "message ann kick=", "leave bob away=true",
		"message ann end=", "ended moved=false",
	)
}

func TestLogicTicks(t *testing.T) {
	tb, d := newGame(t)
	ann := tb.enter("ann", 1)
	if next, _ := tb.room.Tick(tb.now); !next.IsZero() {
		t.Errorf("a room whose logic wants no ticks wakes at %v", next)
	}
	d.message = func(a *room.Authority, _ room.MemberInfo, m *room.Message) string {
		every, err := time.ParseDuration(string(m.Value))
		must(t, err)
		a.TickEvery(every, every)
		return ""
	}
	ann.send(tb.now, event("every", "120ms"))
	next, _ := tb.room.Tick(tb.now)
	equal(t, "wakes in", next.Sub(tb.now), 120*time.Millisecond)
	for range 8 {
		tb.tick(tick)
	}
	ann.send(tb.now, event("every", "1ms"))
	for range 3 {
		tb.tick(tick)
	}
	ann.send(tb.now, event("every", "0"))
	tb.tick(tick)
	tb.tick(tick)
	d.wants(
		t, "start", "join ann", "message ann every=120ms", "tick 120ms", "tick 100ms", "tick 150ms",
		"message ann every=1ms", "tick 50ms", "tick 50ms", "message ann every=0",
	)
}

func TestLogicPanics(t *testing.T) {
	tb, d := newGame(t)
	ann := tb.enter("ann", 1)
	d.message = func(a *room.Authority, _ room.MemberInfo, m *room.Message) string {
		if m.Name == "bad" {
			panic("oh no")
		}
		return ""
	}
	d.join = func(*room.Authority, room.MemberInfo) *room.Refusal { panic("nobody") }
	bob := tb.enter("bob", 2)
	equal(t, "bob's code", bob.conn.code, wire.CloseGoingAway)
	ann.send(tb.now, event("bad", "1"))
	ann.send(tb.now, event("good", "2"))
	tb.tick(tick)
	equal(t, "events", fmt.Sprint(ann.events), "[good=2]")
	equal(t, "rejected", fmt.Sprint(ann.rejected), fmt.Sprint([]wire.RejectCode{wire.RejectRefused}))
	f := d.faults[1]
	if f.In != "message" || f.What != "oh no" || !strings.Contains(f.Stack, "TestLogicPanics") {
		t.Errorf("told of the fault: %+v", f)
	}
	for i := range room.MaxLogicPanics - 2 {
		ann.send(tb.now, event("bad", fmt.Sprint(i)))
	}
	tb.tick(tick)
	equal(t, "after as many as may be, ended", tb.ended, false)
	tb.tick(2 * room.LogicPanicWindow)
	for range room.MaxLogicPanics {
		ann.send(tb.now, event("bad", ""))
		tb.tick(tick)
	}
	equal(t, "in a new window, ended", tb.ended, false)
	ann.send(tb.now, event("bad", "the last"))
	tb.tick(tick)
	equal(t, "ended", tb.ended, true)
	equal(t, "ann's code", ann.conn.code, wire.CloseEnded)
}

func TestLogicMovesWithTheRoom(t *testing.T) {
	tb, d := newGame(t)
	d.state = []byte("chess")
	ann := tb.enter("ann", 1)
	var state []byte
	freeze := func() {
		must(t, tb.room.Freeze(func(b []byte) { state = b }))
		tb.tick(tick)
	}
	freeze()
	must(t, tb.room.Resume())
	d.state = make([]byte, room.MaxLogicBytes+1)
	freeze()
	equal(t, "told of a state too large", d.faults[0].In, "freeze")

	next := &diary{}
	moved, err := room.Restore(room.Config{Logic: next, Epoch: 78}, state, true, tb.now)
	must(t, err)
	must(t, tb.room.Close(wire.CloseMoved, "drain", &room.Redirect{}))
	tb.tick(tick)
	d.wants(t, "start", "join ann", "ended moved=true")
	tb.room = moved
	ann.join(moved)
	tb.tick(tick)
	next.wants(t, "restore chess with 1 members")

	if _, err := room.Restore(room.Config{Logic: &diary{refuse: errors.New("not mine")}}, state, true, tb.now); err == nil || !strings.Contains(err.Error(), "not mine") {
		t.Errorf("a state that the logic refuses: %v", err)
	}
	if _, err := room.Restore(room.Config{}, state, true, tb.now); err != nil {
		t.Errorf("a server without logic: %v", err)
	}
	plain := newTable(t, nil)
	plain.enter("bob", 2)
	must(t, plain.room.Freeze(func(b []byte) { state = b }))
	plain.tick(tick)
	late := &diary{}
	plain.room, err = room.Restore(room.Config{Logic: late}, state, true, plain.now)
	must(t, err)
	plain.tick(tick)
	late.wants(t, "start", "join bob")
}

func TestLogicWorksBesideTheRoom(t *testing.T) {
	tb, d := newGame(t)
	ann := tb.enter("ann", 1)
	open := make(chan struct{})
	d.message = func(a *room.Authority, _ room.MemberInfo, m *room.Message) string {
		must(t, a.Go(func(context.Context) func() {
			<-open
			answer := "the answer to " + string(m.Value)
			if m.Name == "fail" {
				panic(answer)
			}
			return func() { must(t, a.Event("answer", []byte(answer))) }
		}))
		return "taken as a question"
	}
	ann.send(tb.now, event("ask", "it all"))
	ann.send(tb.now, event("fail", "nothing"))
	tb.tick(tick)
	close(open)
	tb.room.WaitWorks()
	tb.tick(tick)
	equal(t, "events", fmt.Sprint(ann.events), "[answer=the answer to it all]")
	equal(t, "faults", d.faults[0].In+" "+d.faults[0].What, "work the answer to nothing")

	open = make(chan struct{})
	ann.send(tb.now, event("ask", "ice"))
	must(t, tb.room.Freeze(func([]byte) {}))
	tb.tick(tick)
	close(open)
	tb.room.WaitWorks()
	tb.tick(tick)
	equal(t, "events while frozen", len(ann.events), 1)
	must(t, tb.room.Resume())
	tb.tick(tick)
	tb.tick(tick)
	equal(t, "events after the thaw", fmt.Sprint(ann.events), "[answer=the answer to it all answer=the answer to ice]")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSlowLogicIsTold(t *testing.T) {
	tb, d := newGame(t)
	ann := tb.enter("ann", 1)
	d.message = func(*room.Authority, room.MemberInfo, *room.Message) string {
		for began := time.Now(); time.Since(began) <= tick; { // work
		}
		return ""
	}
	for range 3 {
		ann.send(tb.now, event("work", ""))
		tb.tick(tick)
	}
	equal(t, "told at once, and then not for a minute", len(d.faults), 1)
	d.message = nil
	tb.tick(room.SlowLogicEvery)
	equal(t, "told again", len(d.faults), 2)
	if f := d.faults[1]; f.Slow != 2 || f.Took < tick || f.In != "tick" {
		t.Errorf("told %+v", f)
	}
}
