package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/bot"
)

// The shows of capacity on real processes, in short; scripts/show-curve and scripts/show-event run them at full length, and
// keep what they write.

// fullLength tells whether a show is to be run whole.
func fullLength() bool { return os.Getenv("GREENROOM_TEST_LENGTH") == "full" }

// show is what bots went through who played a trace.
type show struct {
	bot.CurveReport
	timeline []map[string]float64 // by the columns' names
}

// show plays a trace file. What it writes stays in GREENROOM_SHOW_DIR, if that is set, under the name.
func (p *testPlane) show(name, trace string, args ...string) show {
	p.t.Helper()
	dir := os.Getenv("GREENROOM_SHOW_DIR")
	if dir == "" {
		dir = p.t.TempDir()
	}
	file := func(ext string) string { return filepath.Join(dir, name+ext) }
	args = append([]string{"bots", "--curve", trace, "-o", "json", "--timeline", file(".csv"), "--plot", file(".png")}, args...)
	cmd := p.command(args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var s show
	if decodeErr := json.Unmarshal(out, &s.CurveReport); decodeErr != nil {
		p.t.Fatalf("bots: %v, %v\n%s%s", err, decodeErr, out, stderr.String())
	}
	if err := os.WriteFile(file(".json"), out, 0o644); err != nil {
		p.t.Fatal(err)
	}
	var table strings.Builder
	if err := s.WriteTable(&table); err != nil {
		p.t.Fatal(err)
	}
	p.t.Logf("%s:\n%s", name, table.String())
	s.timeline = readTimeline(p.t, file(".csv"))
	return s
}

func readTimeline(t *testing.T, name string) (rows []map[string]float64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cells, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range cells[1:] {
		row := map[string]float64{}
		for i, cell := range line {
			if row[cells[0][i]], err = strconv.ParseFloat(cell, 64); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// unharmed checks what must hold of every show: everybody got in, nobody was cut off, and nothing was lost.
func (s *show) unharmed(t *testing.T) {
	t.Helper()
	if fault := s.Fault(); fault != "" || s.Joined != uint64(s.Visits) || s.WatchBreaks != 0 {
		t.Errorf("%s; %d of %d joined, %d watch streams broke; %v", fault, s.Joined, s.Visits, s.WatchBreaks, s.Problems)
	}
}

// within waits for a condition, but not for ever.
func (p *testPlane) within(d time.Duration, what string, holds func() bool) {
	p.t.Helper()
	began := time.Now()
	for ; !holds(); pause() {
		if time.Since(began) > d {
			p.t.Fatalf("waited %s for %s\n%s", d, what, p.run("get", "servers"))
		}
	}
	p.t.Logf("%s after %s", what, time.Since(began).Round(time.Second))
}

// shortCurve is the demand of scripts/shows/curve.csv in half a minute, for a fleet that holds 40 on a server.
const shortCurve = `# step 3s
time,route,joins,sessions,stay_seconds
0,plaza,6,2,6
3,plaza,12,4,6
6,plaza,40,12,6
9,plaza,40,12,6
12,plaza,12,4,5
15,plaza,3,1,4
18,plaza,0,,0
27,plaza,0,,0
`

// TestShowCurve: a fleet by the default policy follows a curve of real players: there before them, gone after them.
func TestShowCurve(t *testing.T) {
	t.Parallel()
	trace, least, left := filepath.Join(t.TempDir(), "curve.csv"), 3.0, 0
	if err := os.WriteFile(trace, []byte(shortCurve), 0o600); err != nil {
		t.Fatal(err)
	}
	if fullLength() {
		trace, least, left = "../../scripts/shows/curve.csv", 10, 1
	}
	p := startPlane(t)
	p.run("apply", "-f", "../../scripts/shows/curve.yaml")
	p.eventually("the one server of a fleet that nobody wants", func() bool { return len(p.servers("READY"))+len(p.servers("OPEN")) == 1 })

	s := p.show("curve", trace)
	s.unharmed(t)
	most := 0.0
	for _, row := range s.timeline {
		most = max(most, row["servers_open"])
	}
	if most < least {
		t.Errorf("%g servers were open at most: the curve needs %g", most, least)
	}
	if fullLength() {
		s.ahead(t)
	} else {
		left = int(most) / 2 // the policy lets go slowly, and does not know that this is a short day
	}
	p.within(10*time.Minute, fmt.Sprintf("%d servers are left", left), func() bool { return len(p.servers("")) <= left })
}

// ahead checks that servers came before they were needed: but for the first of all, who find a fleet asleep, nobody waited,
// and there was a slot free at every look.
func (s *show) ahead(t *testing.T) {
	t.Helper()
	if s.Waited > s.Joined/1000+1 {
		t.Errorf("%d joins waited, %.0f ms at most", s.Waited, s.WaitedMS)
	}
	for _, row := range s.timeline {
		if row["seconds"] > 10 && (row["waiting"] > 0 || row["players"] > 0 && row["free_session_slots"] == 0) {
			t.Errorf("full after %g s: %g waiting, %g slots free", row["seconds"], row["waiting"], row["free_session_slots"])
		}
	}
}

// gala is an announced event, by the time since its announcement.
type gala struct {
	trace             string
	attendance        int
	lead, doors, ends time.Duration
}

// shortGala: 100 players within eight seconds.
const shortGala = `# step 4s
time,route,joins,sessions,stay_seconds,stay_spread
0,arena,0,,0,
16,arena,50,,8,0.2
20,arena,50,,8,0.2
36,arena,0,,0,
`

// TestShowEvent: the capacity of an announced event stands before its doors, its players find room at once, and it is
// released after them.
func TestShowEvent(t *testing.T) {
	t.Parallel()
	g := gala{filepath.Join(t.TempDir(), "event.csv"), 100, 8 * time.Second, 16 * time.Second, 30 * time.Second}
	if err := os.WriteFile(g.trace, []byte(shortGala), 0o600); err != nil {
		t.Fatal(err)
	}
	if fullLength() {
		g = gala{"../../scripts/shows/event.csv", 2000, 3 * time.Minute, 4 * time.Minute, 7 * time.Minute}
	}
	p := startPlane(t)
	p.run("apply", "-f", "../../scripts/shows/event.yaml")
	doors := time.Now().Add(g.doors)
	p.run("event", "create", "gala", "--route", "arena", "--doors", doors.Format(time.RFC3339Nano), "--for", (g.ends - g.doors).String(),
		"--attendance", strconv.Itoa(g.attendance), "--players-per-session", "20", "--lead", g.lead.String())
	stands := make(chan string, 1)
	go func() { stands <- p.stands(doors, g.attendance/20) }()

	minute := fmt.Sprintf("%s-%s", g.doors, g.doors+time.Minute)
	s := p.show("event", g.trace, "--window", minute, "--hz", "0.1")
	if wrong := <-stands; wrong != "" {
		t.Error(wrong)
	}
	s.unharmed(t)
	if s.Joined != uint64(g.attendance) || s.Windows[0].Joined != s.Joined || s.Waited != 0 {
		t.Errorf("%d joined, %d in the first minute, of %d; %d waited", s.Joined, s.Windows[0].Joined, g.attendance, s.Waited)
	}
	if p99 := s.Windows[0].JoinMS.P99; fullLength() && p99 >= 50 {
		t.Errorf("joins of the first minute: p99 %.1f ms, of it the API's answer %.1f ms", p99, s.Windows[0].CallMS.P99)
	}
	p.within(10*time.Minute, "the event's servers are released, but for one that the fleet's policy keeps warm", func() bool { return len(p.servers("")) <= 1 })
	if explained := p.run("explain", "halls"); regexp.MustCompile(`(?m)^ *wants.*gala`).MatchString(explained) {
		t.Errorf("the event still wants something:\n%s", explained)
	}
}

// stands waits until the event's check is content, and says what is wrong if that is after its doors, or if it is content
// with too little.
func (p *testPlane) stands(doors time.Time, slots int) string {
	if _, err := p.try("event", "check", "gala", "--watch"); err != nil {
		return err.Error()
	}
	if time.Now().After(doors) {
		return "the capacity stood after the doors"
	}
	early := time.Until(doors).Round(time.Second)
	text, err := p.try("get", "servers", "-o", "json")
	var list struct {
		Servers []struct {
			State           string
			SessionCapacity int `json:"session_capacity"`
		}
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &list)
	}
	if err != nil {
		return err.Error()
	}
	there := 0
	for _, s := range list.Servers {
		if s.State == "SERVER_STATE_OPEN" || s.State == "SERVER_STATE_READY" {
			there += s.SessionCapacity
		}
	}
	p.t.Logf("%d session slots of %d stood %s before the doors", there, slots, early)
	if there < slots {
		return fmt.Sprintf("the check was content with %d session slots of %d", there, slots)
	}
	return ""
}
