package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run plays against a plane: once everybody is in for a while, during is called, and after a while longer the players stop.
func run(t *testing.T, cfg Config, during func()) Report {
	t.Helper()
	cfg, err := cfg.check()
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(cfg)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	played := make(chan struct{})
	go func() {
		defer close(played)
		defer cancel()
		for c.measured.joined.Load() < uint64(cfg.Players) && wait(ctx, 10*time.Millisecond) {
		}
		wait(ctx, 500*time.Millisecond)
		during()
		wait(ctx, time.Second)
	}()
	report := c.run(ctx)
	<-played
	var table bytes.Buffer
	if err := report.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	return report
}

// sound checks what must hold of every run: all got in, all agree at the end, every event came once.
func sound(t *testing.T, cfg Config, r Report) {
	t.Helper()
	if r.Joined != uint64(cfg.Players) || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 || r.Errors != 0 {
		t.Errorf("joined %d of %d, lost state %d, gaps %d, duplicates %d, errors %d",
			r.Joined, cfg.Players, r.LostState, r.Gaps, r.Duplicates, r.Errors)
	}
	if r.JoinMS.Count != r.Joined || r.LatencyMS.Count == 0 || r.LatencyMS.P50 <= 0 {
		t.Errorf("measured joins %+v and latency %+v", r.JoinMS, r.LatencyMS)
	}
	// Everybody hears everybody, itself included. A tick may take two moves of one player together.
	heard := float64(r.Sent) * float64(cfg.Players) / float64(cfg.Sessions)
	if float64(r.Delivered) < heard/10 || float64(r.Delivered) > heard {
		t.Errorf("%d deliveries of %.0f that %d messages make at most", r.Delivered, heard, r.Sent)
	}
}

func TestBotsPlay(t *testing.T) {
	for _, transport := range []string{WebSocket, MQTT} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			p := newPlane(t, 2)
			cfg := p.config()
			cfg.Transport, cfg.ValueBytes = transport, 200
			r := run(t, cfg, func() {})
			sound(t, cfg, r)
			if r.Disconnected != 0 || r.Rejoined != 0 || r.Moved != 0 || r.Missed != 0 {
				t.Errorf("disconnected %d, rejoined %d, moved %d, missed %d", r.Disconnected, r.Rejoined, r.Moved, r.Missed)
			}
		})
	}
}

func TestBotsTellPositions(t *testing.T) {
	p := newPlane(t, 1)
	cfg := p.config()
	cfg.Positions = true
	r := run(t, cfg, func() {})
	sound(t, cfg, r)
	if cfg.Transport = MQTT; cfg.Check() == nil {
		t.Error("positions over MQTT were taken")
	}
}

func TestBotsAreDrained(t *testing.T) {
	for _, transport := range []string{WebSocket, MQTT} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			p := newPlane(t, 2)
			cfg := p.config()
			cfg.Transport = transport
			r := run(t, cfg, func() { p.drain(0, 1); p.drain(1, 0) })
			sound(t, cfg, r)
			if r.Disconnected != 0 || r.Rejoined != r.Moved || r.Rejoined < uint64(cfg.Players) {
				t.Errorf("disconnected %d, rejoined %d of %d moved", r.Disconnected, r.Rejoined, r.Moved)
			}
			if transport == WebSocket && r.Missed != 0 {
				t.Errorf("missed %d events", r.Missed)
			}
			if r.RejoinGapMS.Count != r.Rejoined || r.RejoinGapMS.P99 > 5000 {
				t.Errorf("rejoin gaps %+v", r.RejoinGapMS)
			}
		})
	}
}

func TestBotsSurviveACrash(t *testing.T) {
	for _, transport := range []string{WebSocket, MQTT} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			p := newPlane(t, 2)
			cfg := p.config()
			cfg.Transport = transport
			r := run(t, cfg, func() { p.crash(0, 1) })
			sound(t, cfg, r)
			if r.Disconnected == 0 || r.Rejoined < r.Disconnected || r.Moved != 0 {
				t.Errorf("disconnected %d, rejoined %d, moved %d", r.Disconnected, r.Rejoined, r.Moved)
			}
		})
	}
}

func TestBotsShowProgress(t *testing.T) {
	p := newPlane(t, 1)
	cfg := p.config()
	var progress bytes.Buffer
	cfg.Progress = &progress
	sound(t, cfg, run(t, cfg, func() {}))
	if !strings.Contains(progress.String(), "\r20 of 20 in") {
		t.Errorf("progress was %q", progress.String())
	}
}

func TestBotsStopByThemselves(t *testing.T) {
	p := newPlane(t, 1)
	cfg := p.config()
	cfg.Ramp, cfg.For = time.Millisecond, 300*time.Millisecond
	r, err := Run(t.Context(), cfg)
	if err != nil || r.Seconds < 0.3 || r.Seconds > 3 {
		t.Errorf("played for %.1f s: %v", r.Seconds, err)
	}
}

func TestReportHasItsKeys(t *testing.T) {
	raw, err := json.Marshal(Report{Problems: []string{"p"}})
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(raw, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields("joined rejoined disconnected lost_state delivered gaps duplicates errors join_ms latency_ms rejoin_gap_ms") {
		if _, ok := keys[key]; !ok {
			t.Errorf("the report lacks %q: %s", key, raw)
		}
	}
	for _, key := range strings.Fields("join_ms latency_ms rejoin_gap_ms") {
		for _, q := range strings.Fields("p50 p99 max") {
			if _, ok := keys[key].(map[string]any)[q]; !ok {
				t.Errorf("%s lacks %q", key, q)
			}
		}
	}
}

func TestRunRefusesNonsense(t *testing.T) {
	_, err := Run(t.Context(), Config{Players: 1, Hz: -1, Transport: "pigeon"})
	for _, want := range []string{"route", "sessions is 0", "hz is -1", `transport "pigeon"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not speak of %s", err, want)
		}
	}
}
