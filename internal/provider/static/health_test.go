package static

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

var probe = model.Probe{Interval: 2 * time.Second, Timeout: time.Second, Threshold: 3, DeadAfter: time.Minute}

// sky is a health in time: each look takes place an interval after the last.
type sky struct {
	health
	now time.Time
}

func newSky() *sky {
	now := time.Unix(1_800_000_000, 0)
	return &sky{now: now, health: health{goodAt: now}}
}

func (s *sky) look(good bool, says *Says) {
	s.now = s.now.Add(probe.Interval)
	a := Answer{Says: says}
	if !good {
		a.Err = errors.New("connection refused")
	}
	s.see(a, probe, s.now)
}

func TestDoubtTakesThresholdLooksEitherWay(t *testing.T) {
	s := newSky()
	s.look(true, nil)
	s.look(false, nil)
	s.look(false, nil)
	if s.doubt() != "" {
		t.Errorf("in doubt after two bad looks: %s", s.doubt())
	}
	s.look(false, nil)
	if s.doubt() != "3 probes without a good answer: connection refused" {
		t.Errorf("after three: %q", s.doubt())
	}
	s.look(true, nil)
	s.look(true, nil)
	if s.doubt() == "" {
		t.Error("trusted again after two good looks")
	}
	s.look(true, nil)
	if s.doubt() != "" {
		t.Errorf("in doubt after three good looks: %s", s.doubt())
	}
}

// A machine that slept finds that a long time has passed: that alone kills nobody.
func TestTimeAloneKillsNobody(t *testing.T) {
	s := newSky()
	s.look(true, nil)
	s.now = s.now.Add(time.Hour)
	for range probe.Threshold {
		s.look(false, nil)
	}
	if s.dead(probe, s.now) {
		t.Error("dead after three looks")
	}
	for range 15 {
		s.look(false, nil)
	}
	if !s.dead(probe, s.now) {
		t.Error("it lives after 18 bad looks and an hour")
	}
}

// Whatever is seen: a server is in doubt only after threshold bad looks in a row, dead only after DeadAfter without a good
// one; one good look takes death back, and threshold good ones the doubt.
func TestHealth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSky()
		bad, good, last := 0, 0, s.now
		worst := 0 // bad looks in a row since it was trusted last
		for range rapid.IntRange(1, 120).Draw(t, "looks") {
			ok := rapid.IntRange(0, 4).Draw(t, "look") > 3
			s.look(ok, nil)
			if ok {
				bad, good, last = 0, good+1, s.now
			} else {
				bad, good = bad+1, 0
			}
			worst = max(worst, bad)
			switch {
			case good >= probe.Threshold && s.doubt() != "":
				t.Fatalf("in doubt after %d good looks", good)
			case worst < probe.Threshold && s.doubt() != "":
				t.Fatalf("in doubt after %d bad looks", worst)
			case bad >= probe.Threshold && s.doubt() == "":
				t.Fatalf("no doubt after %d bad looks", bad)
			case s.dead(probe, s.now) && s.now.Sub(last) < probe.DeadAfter:
				t.Fatalf("dead %v after its last good answer", s.now.Sub(last))
			case !s.dead(probe, s.now) && s.now.Sub(last) >= probe.DeadAfter:
				t.Fatalf("it lives %v after its last good answer", s.now.Sub(last))
			}
			if s.doubt() == "" {
				worst = bad
			}
		}
	})
}

func TestWhatAServerSays(t *testing.T) {
	s := newSky()
	s.look(true, &Says{Sessions: 3, Players: -1, Capacity: model.Capacity{Sessions: 7}})
	if s.reported == nil || s.reported.Sessions != 3 || s.reported.Players != -1 || s.capacity.Sessions != 7 || s.leave != nil {
		t.Errorf("%+v", s.health)
	}
	first := s.now.Add(probe.Interval)
	until := s.now.Add(time.Hour)
	s.look(true, &Says{Sessions: -1, Players: -1, Draining: true, LeavingAt: until, Reason: "new disks"})
	s.look(true, &Says{Sessions: -1, Players: -1, Draining: true, LeavingAt: until, Reason: "new disks"})
	if l := s.leave; l == nil || !l.NoticedAt.Equal(first) || !l.DeadlineAt.Equal(until) || l.Reason != "new disks" || !l.ByProvider {
		t.Errorf("%+v", s.leave)
	}
	s.look(false, nil)
	if s.leave == nil {
		t.Error("a notice was taken back by silence")
	}
	s.look(true, &Says{})
	if s.leave != nil {
		t.Error("a notice was not taken back")
	}
}

func FuzzSays(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", `{"sessions":3,"players":41}`, `{"sessions":-1}`, `{"sessions":1e99}`, `{"capacity":{"sessions":10,"seats":200}}`,
		`{"draining":true,"leaving_at":"2026-05-01T20:00:00Z","reason":"disks"}`, `{"leaving_at":"soon"}`, `{"sessions":9999999999}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := parseSays(body)
		if s == nil {
			return
		}
		c := s.Capacity
		for _, n := range []int{s.Sessions, s.Players, c.Sessions, c.Seats, c.SeatsPerSession} {
			if n < -1 || n > maxCount {
				t.Errorf("%d of %q", n, body)
			}
		}
		if len(s.Reason) > maxReason || s.Reason == "" || c.Sessions < 0 || c.Seats < 0 || c.SeatsPerSession < 0 {
			t.Errorf("%+v of %q", s, body)
		}
	})
}
