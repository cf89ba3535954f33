package scale

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rules"
)

// TestStories tells stories: each file in testdata is a fleet's life, second by second. Servers take 30 s to be ready
// unless boot says otherwise, and are gone 2 s after they were taken away. Commands:
//
//	fleet                  a fleet's spec in YAML below, as `greenroom apply` takes it; again: a new spec for it
//	clock 2026-03-28T20:00:00Z, clock +1h, clock -1h    sets the clock; what was there stays
//	run 5m                 lets time pass; prints what was done and what is held back at the end
//	until 20:00            the same, up to a time of the day (UTC)
//	join 20 [over=60s]     sessions begin; they wait where there is no room
//	leave 20 [on=plaza-001]               sessions end, on the emptiest servers first
//	node plaza-001=a plaza-002=a          what machines servers are on
//	links off              hand-overs fail from now on
//	sessions               how many each server has
//	players 4              how many players a session has from now on; 1 at first
//	boot 60s               how long servers take from now on
//	load cpu=0.8 net=1000 | load none     what every open server says of its load, once a second
//	signal NAME=VALUE | signal NAME=none  a number from outside, set now
//	event NAME sessions=200 doors=20:00 ends=22:00 [ramp=10m] [lead=5m] | event NAME over
//	expect 20:00=100 20:10=150            what earlier weeks had
//	restart                the memory is lost
//	answers [numbers]      what each policy, buffer and event asked for, as `greenroom explain` shows it
//	servers                how many there are
func TestStories(t *testing.T) {
	check, err := rules.New()
	if err != nil {
		t.Fatal(err)
	}
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		w := &story{t: t, check: check, now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), boot: 30 * time.Second, players: 1, outlook: Outlook{Signals: map[string]Signal{}}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			w.t, w.at = t, d.Pos
			return w.command(d)
		})
	})
}

type story struct {
	t     *testing.T
	at    string
	check *rules.Checker

	now     time.Time
	spec    model.FleetSpec
	servers []*Server
	readyAt map[model.ServerID]time.Time
	goneAt  map[model.ServerID]time.Time
	boot    time.Duration
	born    int
	waiting int
	players int
	coming  []time.Time // sessions that are still to begin
	load    *model.Load
	outlook Outlook
	memory  Memory
	last    Decision

	unlinked bool              // nothing can be handed over
	moved    int               // hand-overs of the last second
	failed   func(text string) // is told of broken rules; nil: t is
}

func (w *story) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s: "+format, append([]any{w.at}, args...)...)
}

func (w *story) command(d *datadriven.TestData) string {
	args := map[string]string{}
	for _, a := range d.CmdArgs {
		args[a.Key] = strings.Join(a.Vals, ",")
	}
	arg := func(i int) string {
		if i >= len(d.CmdArgs) {
			w.fail("%s needs %d arguments", d.Cmd, i+1)
		}
		return d.CmdArgs[i].Key
	}
	switch d.Cmd {
	case "fleet":
		return w.fleet(d.Input)
	case "run":
		return w.run(w.duration(arg(0)))
	case "until":
		return w.run(w.today(arg(0)).Sub(w.now))
	case "clock":
		return w.clock(arg(0))
	case "join":
		return w.join(w.number(arg(0)), args["over"])
	case "leave":
		w.leave(w.number(arg(0)), model.ServerID(args["on"]))
	case "node":
		for id, node := range args {
			w.find(model.ServerID(id)).Node = node
		}
	case "links":
		w.unlinked = arg(0) == "off"
	case "sessions":
		return w.each()
	case "players":
		w.players = w.number(arg(0))
	case "boot":
		w.boot = w.duration(arg(0))
	case "load":
		w.setLoad(args)
	case "signal":
		w.signal(args)
	case "event":
		w.event(arg(0), args)
	case "expect":
		w.expect(d.CmdArgs)
	case "restart":
		w.memory, w.outlook.Begun = Memory{}, 0
	case "answers":
		_, numbers := args["numbers"]
		return w.answers(numbers)
	case "servers":
		return w.count()
	default:
		w.fail("unknown command %s", d.Cmd)
	}
	return "ok\n"
}

func (w *story) fleet(spec string) string {
	text := "kind: Fleet\nname: plaza\nspec:\n  " + strings.ReplaceAll(spec, "\n", "\n  ")
	objects, err := manifest.Parse("fleet.yaml", []byte(text), w.check)
	if err != nil {
		return err.Error() + "\n"
	}
	w.spec = convert.FleetSpecModel(manifest.Fleets(objects)[0].GetSpec()).WithDefaults()
	return "ok\n"
}

func (w *story) run(length time.Duration) string {
	var out strings.Builder
	for range int(length / time.Second) {
		w.now = w.now.Add(time.Second)
		for _, line := range w.second() {
			fmt.Fprintf(&out, "%s %s\n", w.now.Format("15:04:05"), line)
		}
	}
	for _, h := range w.last.Holds {
		fmt.Fprintf(&out, "         held: %s\n", h)
	}
	if out.Len() == 0 {
		return "nothing to do\n"
	}
	return out.String()
}

// second lets a second pass, decides, and does it.
func (w *story) second() (lines []string) {
	w.servers = slices.DeleteFunc(w.servers, func(s *Server) bool {
		at, goes := w.goneAt[s.ID]
		return goes && !w.now.Before(at)
	})
	for _, s := range w.servers {
		if s.Stage == Coming && !w.now.Before(w.readyAt[s.ID]) {
			s.Stage = Warm
		}
		s.Load = nil
		if w.load != nil && s.Stage == Serving {
			l := *w.load
			l.At = w.now
			s.Load = &l
		}
	}
	w.coming = slices.DeleteFunc(w.coming, func(at time.Time) bool {
		begins := !at.After(w.now)
		if begins {
			w.waiting++
		}
		return begins
	})
	w.place()
	in := Input{Spec: w.spec, Waiting: w.waiting, Rehome: w.handOver(), Outlook: w.outlook, Memory: w.memory, Now: w.now}
	for _, s := range w.servers {
		in.Servers = append(in.Servers, *s)
	}
	w.last = Decide(in)
	w.memory = w.last.Memory
	lines = w.carryOut(w.last)
	lines = append(lines, w.merge(w.last)...)
	w.place()
	return lines
}

func (w *story) carryOut(d Decision) (lines []string) {
	say := func(verb string, n int, reason string) {
		lines = append(lines, fmt.Sprintf("%s %s: %s", verb, model.Count(n, "server"), reason))
	}
	if len(d.Opens) > 0 {
		say("open", len(d.Opens), d.OpenReason)
	}
	for _, s := range w.servers {
		if slices.Contains(d.Opens, s.ID) {
			s.Stage = Serving
		}
		if slices.Contains(d.Remove, s.ID) {
			if !s.Empty {
				w.broken("%s: %s is taken away with %d sessions", w.at, s.ID, s.Sessions)
			}
			s.Stage = Leaving
			w.goneAt[s.ID] = w.now.Add(2 * time.Second)
		}
	}
	for _, s := range d.Starts {
		say("start", s.Count, s.Reason)
		for range s.Count {
			w.start()
		}
		w.memory.Started(w.now, s.Count)
	}
	if n := len(d.Remove); n > 0 {
		say("take away", n, fmt.Sprintf("empty for %s", w.spec.ScaleInAfter))
		w.memory.Stopped(w.now, n)
	}
	return lines
}

func (w *story) start() {
	w.born++
	if w.readyAt == nil {
		w.readyAt, w.goneAt = map[model.ServerID]time.Time{}, map[model.ServerID]time.Time{}
	}
	c := w.spec.Capacity
	s := &Server{
		ID: model.ServerID(fmt.Sprintf("plaza-%03d", w.born)), FreeSlots: c.Sessions, Slots: c.Sessions, Seats: c.Seats, Empty: true, CreatedAt: w.now, Movable: true,
	}
	w.servers = append(w.servers, s)
	w.readyAt[s.ID] = w.now.Add(w.boot)
}

// place puts those who wait on the fullest open servers.
func (w *story) place() {
	for w.waiting > 0 {
		best := w.fullest()
		if best == nil {
			return
		}
		w.waiting--
		w.outlook.Begun++
		w.change(best, 1)
	}
}

func (w *story) change(s *Server, n int) {
	s.Sessions += n
	s.FreeSlots -= n
	if n > 0 {
		s.FilledAt = w.now
	}
	s.Active, s.Players, s.Empty = s.Sessions, w.players*s.Sessions, s.Sessions == 0
}

func (w *story) join(n int, over string) string {
	if over != "" {
		for i := range n {
			w.coming = append(w.coming, w.now.Add(time.Duration(i+1)*w.duration(over)/time.Duration(n)))
		}
		return "ok\n"
	}
	w.waiting += n
	w.place()
	if w.waiting > 0 {
		return model.Count(w.waiting, "join") + " waiting\n"
	}
	return "ok\n"
}

func (w *story) leave(n int, on model.ServerID) {
	for range n {
		var least *Server
		for _, s := range w.servers {
			if s.Sessions > 0 && (on == "" || s.ID == on) && (least == nil || s.Sessions < least.Sessions) {
				least = s
			}
		}
		if least == nil {
			w.fail("no session is left to end")
		}
		w.change(least, -1)
	}
}

func (w *story) clock(to string) string {
	if to[0] == '+' || to[0] == '-' {
		w.now = w.now.Add(w.duration(to))
		return "ok\n"
	}
	at, err := time.Parse(time.RFC3339, to)
	if err != nil {
		w.fail("%v", err)
	}
	w.now = at
	return "ok\n"
}

func (w *story) setLoad(args map[string]string) {
	if _, none := args["none"]; none {
		w.load = nil
		return
	}
	w.load = &model.Load{CPULimit: 1}
	w.load.CPU, _ = strconv.ParseFloat(cmp.Or(args["cpu"], "0"), 64)
	w.load.Sent, _ = strconv.ParseFloat(cmp.Or(args["net"], "0"), 64)
}

func (w *story) signal(args map[string]string) {
	w.outlook.Signals = maps.Clone(w.outlook.Signals)
	for name, value := range args {
		if value == "none" {
			delete(w.outlook.Signals, name)
			continue
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			w.fail("%v", err)
		}
		w.outlook.Signals[name] = Signal{f, w.now}
	}
}

func (w *story) event(name string, args map[string]string) {
	w.outlook.Events = slices.DeleteFunc(slices.Clone(w.outlook.Events), func(e Event) bool { return e.Name == model.EventName(name) })
	if _, over := args["over"]; over {
		return
	}
	w.outlook.Events = append(w.outlook.Events, Event{
		Name: model.EventName(name), Sessions: w.number(args["sessions"]), DoorsAt: w.today(args["doors"]), EndsAt: w.today(args["ends"]),
		Ramp: w.duration(cmp.Or(args["ramp"], "0s")), Lead: w.duration(cmp.Or(args["lead"], "0s")),
	})
}

func (w *story) expect(points []datadriven.CmdArg) {
	w.outlook.Expected = nil
	for _, p := range points {
		w.outlook.Expected = append(w.outlook.Expected, Expectation{w.today(p.Key), float64(w.number(p.Vals[0]))})
	}
}

func (w *story) answers(numbers bool) string {
	var out strings.Builder
	for _, a := range w.last.Answers {
		mark := " "
		if a.Decides {
			mark = "*"
		}
		fmt.Fprintf(&out, "%s %s: %d free, %d ready, %s: %s\n", mark, a.Name, a.Free, a.Ready, model.Count(a.Servers, "server"), a.Reason)
		if !numbers {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(a.Numbers)) {
			fmt.Fprintf(&out, "    %s %.3g\n", name, a.Numbers[name])
		}
	}
	return out.String()
}

func (w *story) count() string {
	var by [Leaving + 1]int
	sessions, slots := 0, 0
	for _, s := range w.servers {
		by[s.Stage]++
		sessions += s.Sessions
		if s.Stage == Serving {
			slots += s.Slots
		}
	}
	return fmt.Sprintf("%d coming, %d ready, %d open, %d leaving; %d sessions in %d slots, %d waiting\n",
		by[Coming], by[Warm], by[Serving], by[Leaving], sessions, slots, w.waiting)
}

func (w *story) duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		w.fail("%v", err)
	}
	return d
}

func (w *story) today(s string) time.Time {
	at, err := time.Parse("15:04", s)
	if err != nil {
		w.fail("%v", err)
	}
	y, m, d := w.now.Date()
	return time.Date(y, m, d, at.Hour(), at.Minute(), 0, 0, time.UTC)
}

func (w *story) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		w.fail("%v", err)
	}
	return n
}

// broken notes a broken rule.
func (w *story) broken(format string, args ...any) {
	if w.failed != nil {
		w.failed(fmt.Sprintf(format, args...))
	}
	if w.t != nil {
		w.t.Errorf(format, args...)
	}
}
