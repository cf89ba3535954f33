package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/room/wire"
)

// TestMain lets the test's own binary be the processes that a measurement starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && slices.Contains([]string{"-serve", "-generate", "-floor"}, os.Args[1]) {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestMeasure: a short look at a real server under a real load has sound figures.
func TestMeasure(t *testing.T) {
	b := newBench(options{rounds: 1, span: 500 * time.Millisecond, profile: t.TempDir()})
	for _, wire := range []string{mqttStates, wsStates, wsPositions, udpPositions} {
		t.Run(wire, func(t *testing.T) {
			t.Parallel()
			spec := loadSpec{Members: 5, Hz: 20, Bytes: 32, Warm: 200 * time.Millisecond, For: b.span, Side: 1000, Speed: 10}
			s, err := measure(t.Context(), b.room(10*time.Millisecond, wire, "greenroom "+wire, nil), spec)
			if err != nil {
				t.Fatal(err)
			}
			if s.CPUPerMillion <= 0 || s.Cores <= 0 || s.Delivered < 50 || s.Delivered > 150 || s.RSSMiB < 5 || s.memory.Heap == 0 {
				t.Errorf("%+v", s)
			}
			if s.P50 <= 0 || s.outcome.Lost != 0 || s.metrics["greenroom_room_deliveries_total"] == 0 {
				t.Errorf("%+v", s.outcome)
			}
			if stat, err := os.Stat(filepath.Join(b.profile, "greenroom-"+wire+".cpu.prof")); err != nil || stat.Size() == 0 {
				t.Errorf("no profile: %v", err)
			}
		})
	}
}

// TestMosquitto: the peer that is a system's package is started, measured and stopped.
func TestMosquitto(t *testing.T) {
	t.Parallel()
	spec := loadSpec{Members: 5, Hz: 20, Bytes: 32, Warm: 200 * time.Millisecond, For: 500 * time.Millisecond}
	s, err := measure(t.Context(), mosquitto(true), spec)
	if err != nil || s.Delivered < 50 || s.CPUPerMillion <= 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestMeasureOfNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	missing := starter{name: "missing", wire: mqttStates, start: func(context.Context) (*subject, error) {
		s := &subject{Name: "missing"}
		return nil, s.launch(filepath.Join(t.TempDir(), "no-such-program"))
	}}
	if s, err := measure(ctx, missing, loadSpec{Members: 1}); err == nil {
		t.Errorf("a program that is not there: %+v", s)
	}
}

func TestSightCheck(t *testing.T) {
	at := func(x int16) wire.Position { return wire.Position{X: x} }
	where := map[string]wire.Position{"me": at(0), "a": at(10), "b": at(20), "c": at(21), "d": at(300)}
	look := func(names ...string) load.Seen {
		s := load.Seen{Members: map[uint64]string{}, Near: map[uint64]wire.Position{}}
		for i, name := range append([]string{"me"}, names...) {
			s.Members[uint64(i)], s.Near[uint64(i)] = name, where[name]
		}
		return s
	}
	rule := &sight{Radius: 100, Nearest: 2, Keep: 1.1}
	moved := look("a", "b")
	moved.Near[1] = at(11)
	nameless := look("a", "b")
	delete(nameless.Members, 2)
	for what, c := range map[string]struct {
		view load.Seen
		want string
	}{
		"the nearest two":                   {look("a", "b"), ""},
		"one kept though another is nearer": {look("a", "c"), ""}, // 21 is not a tenth further than 20
		"one is missing":                    {look("a"), "does not see b"},
		"the wrong one":                     {look("b", "c"), "does not see a"},
		"too many":                          {look("a", "b", "c"), "sees 3 others"},
		"one too far":                       {look("a", "d"), "sees d, who is too far away"},
		"where it was":                      {moved, `sees "a" at`},
		"a position without a member":       {nameless, "sees 2 members and 3 positions"},
	} {
		got := strings.Join(rule.check("me", c.view, where), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

func TestMediansAndRatios(t *testing.T) {
	if got := middle([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median of three is %v", got)
	}
	if got := middle([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("median of four is %v", got)
	}
	samples := func(cpu ...float64) (all []sample) {
		for _, c := range cpu {
			all = append(all, sample{CPUPerMillion: c})
		}
		return all
	}
	// The second round was noisy for both: the ratio of that round counts, not those of different rounds.
	if got := ratio(samples(1, 9, 1.2), samples(4, 30, 4)); got != 0.3 {
		t.Errorf("ratio %v", got)
	}
	if got := median(samples(1, 9, 2)).CPUPerMillion; got != 2 {
		t.Errorf("median sample %v", got)
	}
}

func TestReport(t *testing.T) {
	b := newBench(options{rounds: 2, span: time.Second})
	b.check("brokers", "CPU", "≤ 0.5", true, "%.2f", 0.42)
	b.check("crowd", "CPU", "≤ 0.6", false, "%.2f", 0.7)
	b.report.end()
	var text bytes.Buffer
	b.report.printChecks(&text)
	if got := text.String(); !strings.Contains(got, "met     brokers: CPU — target ≤ 0.5, measured 0.42") || !strings.Contains(got, "MISSED  crowd") {
		t.Errorf("%s", got)
	}
	written, err := json.Marshal(b.report)
	if err != nil || !strings.Contains(string(written), `"load_average_at_start"`) || !strings.Contains(string(written), `"met":false`) {
		t.Errorf("%s, %v", written, err)
	}
}

func TestNATSWire(t *testing.T) {
	w := &natsWire{Subject: "r.a", Body: load.Padded(8)}
	if got := string(w.Update(nil, 0)); got != "PUB r.a 8\r\n\x00\x00\x00\x00\x00\x00\x00\x00\r\n" {
		t.Errorf("%q", got)
	}
	var s load.Sink
	in := "PING\r\nMSG r.a 1 8\r\n12345678\r\nMSG r.a 1 8\r\n1234"
	n, err := w.Scan([]byte(in), &s)
	if want := len(in) - len("MSG r.a 1 8\r\n1234"); n != want || err != nil || string(s.Reply) != "PONG\r\n" {
		t.Errorf("%d of %d bytes, %v, reply %q", n, want, err, s.Reply)
	}
	if _, err := w.Scan([]byte("-ERR 'gone'\r\n"), &s); err == nil {
		t.Error("an error was taken")
	}
}
