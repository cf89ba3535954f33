package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"greenroom.dev/greenroom/internal/model"
)

// TestTraces tells stories: each file in testdata/traces is a fleet's life, second by second. Commands:
//
//	fleet [ready=N] [open=N] [min=N] [max=N] [sessions=N] [pace=N]   a new fleet, or a new spec for it; pace: consolidated,
//	                      so many moves a minute
//	run 5s [quiet]        lets time pass; prints what was done, and at the end what is held back
//	join N / leave SERVER N          sessions come and go
//	crash SERVER / mute SERVER / speak SERVER / lose SERVER    faults; lose: the provider no longer knows it
//	cut SERVER N                     its link breaks before the players of its last N sessions, which moved, were sent on
//	drain SERVER wait=5s deadline=30s / undrain SERVER
//	release N [broken]               makes a template the fleet's
//	pause / resume                   the upgrade; upgrade surge=… draining=… failures=… crashes=… its policy
//	progress                         of the upgrade
//	notice NODE [deadline=30s] / stay NODE   a machine (a or b; servers are spread over both) goes away, or does not
//	where                 what each server is on and how it is
//	stillborn on|off      whether what is started dies at once
//	restart               of the control plane
//	delete                the fleet
//	facts                 what the last plan saw
//	size                  what the last plan makes of the number of servers
func TestTraces(t *testing.T) {
	datadriven.Walk(t, "testdata/traces", func(t *testing.T, path string) {
		var w *world
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "fleet" {
				w = fleetCommand(t, w, d)
				return "ok\n"
			}
			out := command(t, w, d)
			for _, wrong := range w.wrongs {
				t.Errorf("%s: rule broken: %s", d.Pos, wrong)
			}
			return out
		})
	})
}

func fleetCommand(t *testing.T, w *world, d *datadriven.TestData) *world {
	spec := model.FleetSpec{}
	d.MaybeScanArgs(t, "ready", &spec.Ready)
	d.MaybeScanArgs(t, "open", &spec.Open)
	d.MaybeScanArgs(t, "min", &spec.Min)
	d.MaybeScanArgs(t, "max", &spec.Max)
	d.MaybeScanArgs(t, "sessions", &spec.Capacity.Sessions)
	if pace := 0; d.HasArg("pace") {
		d.ScanArgs(t, "pace", &pace)
		spec.Scaling.Consolidation = &model.Consolidation{MaxMovesPerMinute: pace, MinStay: time.Minute}
	}
	// The policies have stories of their own in decide/scale: here only the buffers ask for anything.
	spec.Scaling.Policies = []model.Policy{{Buffer: &model.BufferPolicy{}}}
	if w == nil {
		return newWorld(spec)
	}
	w.fleet.Spec = spec.WithDefaults()
	w.fleet.Generation++
	return w
}

func command(t *testing.T, w *world, d *datadriven.TestData) string {
	arg := func(i int) string {
		if i >= len(d.CmdArgs) {
			t.Fatalf("%s: %s needs %d arguments", d.Pos, d.Cmd, i+1)
		}
		return d.CmdArgs[i].Key
	}
	number := func(i int) (n int) {
		if _, err := fmt.Sscan(arg(i), &n); err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		return n
	}
	switch d.Cmd {
	case "run":
		return w.run(t, d, arg(0))
	case "join":
		return fmt.Sprintf("%d of %d placed\n", w.join(number(0)), number(0))
	case "stillborn":
		w.stillborn = arg(0) == "on"
	case "release":
		w.broken[uint64(number(0))] = d.HasArg("broken")
		w.release(uint64(number(0)))
	case "pause":
		w.fleet.Spec.Upgrade.Paused = true
	case "resume":
		w.fleet.Spec.Upgrade.Paused = false
		w.resume()
	case "upgrade":
		u := &w.fleet.Spec.Upgrade
		d.MaybeScanArgs(t, "surge", &u.Surge)
		d.MaybeScanArgs(t, "draining", &u.MaxDraining)
		d.MaybeScanArgs(t, "failures", &u.MaxFailures)
		d.MaybeScanArgs(t, "crashes", &u.MaxCrashes)
	case "progress":
		return w.last.Upgrade.Sentence + "\n"
	case "restart":
		w.restart()
	case "notice":
		l := model.NodeLeave{Node: arg(0), NoticedAt: w.now, Reason: "spot"}
		if d.HasArg("deadline") {
			var in string
			d.ScanArgs(t, "deadline", &in)
			l.DeadlineAt = w.now.Add(duration(t, in))
		}
		w.leaves[l.Node] = l
	case "stay":
		delete(w.leaves, arg(0))
	case "where":
		return w.where()
	case "delete":
		w.fleet.Deleted = true
	case "waiting":
		w.waiting = number(0)
	case "size":
		return fmt.Sprintf("%+v\n", w.last.Size)
	case "facts":
		return strings.Join(w.last.Facts, "\n") + "\n"
	default:
		s := w.servers[model.ServerID(arg(0))]
		if s == nil {
			t.Fatalf("%s: no server %s", d.Pos, arg(0))
		}
		serverCommand(t, w, s, d)
	}
	return "ok\n"
}

func serverCommand(t *testing.T, w *world, s *simServer, d *datadriven.TestData) {
	switch d.Cmd {
	case "leave":
		var n int
		if _, err := fmt.Sscan(d.CmdArgs[1].Key, &n); err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		s.sessions = s.sessions[n:]
	case "crash":
		w.crash(s)
	case "mute":
		s.mute = true
	case "speak":
		s.mute = false
	case "cut":
		if _, err := fmt.Sscan(d.CmdArgs[1].Key, &s.Departing); err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		s.mute, s.Linked = true, false
	case "lose":
		s.unknown = true
	case "drain":
		wait, deadline := "0s", "1h"
		d.MaybeScanArgs(t, "wait", &wait)
		d.MaybeScanArgs(t, "deadline", &deadline)
		dr := NewDrain(model.DrainPolicy{Wait: duration(t, wait), Deadline: duration(t, deadline)}, "update of the host", w.now)
		w.become(s, model.ServerDraining, dr.Reason)
		s.Drain = &dr
	case "undrain":
		w.become(s, model.ServerOpen, "drain taken back")
	default:
		t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
	}
}

func (w *world) where() string {
	var out strings.Builder
	for _, s := range w.sorted() {
		fmt.Fprintf(&out, "%s on %s: %s, %s", s.ID, s.Node, s.State, model.Count(s.Sessions, "session"))
		if s.Drain != nil {
			fmt.Fprintf(&out, ", until %s: %s", s.Drain.DeadlineAt.Format("15:04:05"), s.Drain.Reason)
		}
		out.WriteString("\n")
	}
	return out.String()
}

func (w *world) crash(s *simServer) {
	s.inst.Running, s.inst.Exit, s.Linked = false, "signal: killed", false
}

func duration(t *testing.T, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// run prints what was done, a line a kind, with the time since the fleet's first day began.
func (w *world) run(t *testing.T, d *datadriven.TestData, length string) string {
	var out strings.Builder
	for range int(duration(t, length) / time.Second) {
		before := w.born
		for _, a := range w.second() {
			what := string(a.Server)
			switch {
			case a.Verb == Start:
				before++
				what = fmt.Sprintf("plaza-%03d", before)
			case a.Verb == Prove || a.Verb == Halt:
				what = fmt.Sprintf("revision %d", a.Revision)
			case len(a.Sessions) > 0:
				what += fmt.Sprintf(" (%s)", model.Count(len(a.Sessions), "session"))
			}
			if a.Verb != Remove {
				fmt.Fprintf(&out, "%s %s %s: %s\n", w.now.Format("15:04:05"), a.Verb, what, a.Reason)
			}
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
