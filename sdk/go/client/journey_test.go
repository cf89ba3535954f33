package client

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

type story struct {
	Story   string
	CanJoin bool
	Steps   []struct {
		At  int64
		End struct {
			Kind, Reason string
			Code         int
			Entered      bool
			Redirect     *struct {
				AfterMs     int64
				URL, Ticket string
			}
			RetryAfterMs int64
		}
		Want struct {
			Do                string
			URL, Ticket       string
			AfterMs, JitterMs int64
			Code              int
		}
	}
}

// TestJourney holds the client to the stories that the JavaScript client is held to as well.
func TestJourney(t *testing.T) {
	raw, err := os.ReadFile("../../testdata/journey.json")
	if err != nil {
		t.Fatal(err)
	}
	var stories []story
	if err := json.Unmarshal(raw, &stories); err != nil || len(stories) == 0 {
		t.Fatalf("%d stories: %v", len(stories), err)
	}
	for _, s := range stories {
		t.Run(s.Story, func(t *testing.T) { s.check(t) })
	}
}

func (s *story) check(t *testing.T) {
	start := time.Unix(1000, 0)
	j := journey{place: Place{URL: "ws://a/room", Ticket: "t1", Player: "ann"}, canJoin: s.CanJoin, rejoinFor: time.Minute, awaySince: start}
	kinds := map[string]ending{"lost": endLost, "refused": endRefused, "closed": endClosed, "unjoined": endUnjoined, "unjoinable": endUnjoinable}
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	for i, step := range s.Steps {
		kind, ok := kinds[step.End.Kind]
		if !ok {
			t.Fatalf("step %d: unknown end %q", i, step.End.Kind)
		}
		e := end{kind: kind, code: step.End.Code, reason: step.End.Reason, entered: step.End.Entered, retryAfter: ms(step.End.RetryAfterMs)}
		if r := step.End.Redirect; r != nil {
			e.redirect = &redirect{after: ms(r.AfterMs), url: r.URL, ticket: r.Ticket}
		}
		got := j.next(e, start.Add(ms(step.At)))
		want := step.Want
		if name := [...]string{"dial", "join", "stop"}[got.do]; name != want.Do {
			t.Fatalf("step %d: %s (%v), want %s", i, name, got.err, want.Do)
		}
		if got.after != ms(want.AfterMs) || got.jitter != ms(want.JitterMs) {
			t.Fatalf("step %d: after %v and up to %v, want %d and %d ms", i, got.after, got.jitter, want.AfterMs, want.JitterMs)
		}
		if got.do == doDial && (j.place.URL != want.URL || j.place.Ticket != want.Ticket) {
			t.Fatalf("step %d: dials %+v, want %s with %s", i, j.place, want.URL, want.Ticket)
		}
		if got.do == doStop && (got.err.Code != want.Code || got.err.Reason == "") {
			t.Fatalf("step %d: stops with %v, want code %d and a reason", i, got.err, want.Code)
		}
	}
}
