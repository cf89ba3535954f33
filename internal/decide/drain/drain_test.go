package drain

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

var start = time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)

// drain waits 10 s and ends after 60.
var drain = model.Drain{
	StartedAt: start, HandOverAt: start.Add(10 * time.Second), DeadlineAt: start.Add(time.Minute), Reason: "update",
}

func sessions(n int) (out []Session) {
	for i := range n {
		out = append(out, Session{SessionRef: model.SessionRef{Route: "plaza", Key: model.SessionKey(fmt.Sprintf("room-%d", i))}, Generation: 1})
	}
	return out
}

func TestDecide(t *testing.T) {
	moving, retrying := sessions(2), sessions(2)
	moving[0].Moving = true
	retrying[0].RetryAt = start.Add(16 * time.Second)
	for _, c := range []struct {
		name  string
		in    Input
		after time.Duration
		step  Step
		n     int
		why   string
	}{
		{"waits for natural ends", Input{Sessions: sessions(3), FreeSlots: 9, CanMove: true}, 4 * time.Second, Wait, 0, "3 sessions left, waits 6s for natural ends"},
		{"empty before its time", Input{}, time.Second, Empty, 0, "no session left: update"},
		{"hands over", Input{Sessions: sessions(3), FreeSlots: 9, CanMove: true}, 15 * time.Second, HandOver, 3, "3 of 3 sessions left: update"},
		{"a few at a time", Input{Sessions: sessions(20), InFlight: 3, FreeSlots: 90, CanMove: true}, 15 * time.Second, HandOver, MaxHandOvers - 3, "5 of 20 sessions left: update"},
		{"no more than fit elsewhere", Input{Sessions: sessions(5), FreeSlots: 2, CanMove: true}, 15 * time.Second, HandOver, 2, "2 of 5 sessions left: update"},
		{"nowhere to go", Input{Sessions: sessions(5), CanMove: true}, 15 * time.Second, Wait, 0, "5 sessions left and no free session slot to take them; its deadline is in 45s"},
		{"no link", Input{Sessions: sessions(1), FreeSlots: 9}, 15 * time.Second, Wait, 0, "1 session left that cannot be handed over: the server has no link; its deadline is in 45s"},
		{"not the one on its way", Input{Sessions: moving, InFlight: 1, FreeSlots: 9, CanMove: true}, 15 * time.Second, HandOver, 1, "1 of 2 sessions left: update"},
		{"not the one that just failed", Input{Sessions: retrying, FreeSlots: 9, CanMove: true}, 15 * time.Second, HandOver, 1, "1 of 2 sessions left: update"},
		{"its players still leave", Input{LastMoveAt: start.Add(14 * time.Second)}, 15 * time.Second, Wait, 0, "its last session moved 1s ago, players are being sent on"},
		{"not heard of since its players left", Input{LastMoveAt: start.Add(14 * time.Second), HeardAt: start.Add(14900 * time.Millisecond), CanMove: true}, 20 * time.Second, Wait, 0, "its last session moved 6s ago, and it was not heard of 1s after that or later: its players may not have been sent on"},
		{"heard of since its players left", Input{LastMoveAt: start.Add(14 * time.Second), HeardAt: start.Add(15 * time.Second), CanMove: true}, 20 * time.Second, Empty, 0, "no session left: update"},
		{"not heard of since its players left, to the deadline", Input{LastMoveAt: start.Add(14 * time.Second), CanMove: true}, time.Minute, Empty, 0, "no session left: update"},
		{"nobody can hear of it since its players left", Input{LastMoveAt: start.Add(14 * time.Second)}, 20 * time.Second, Empty, 0, "no session left: update"},
		{"a move is not done", Input{InFlight: 1}, 15 * time.Second, Wait, 0, "1 hand-over under way"},
		{"the deadline", Input{Sessions: sessions(3), FreeSlots: 9, CanMove: true}, time.Minute, End, 3, "3 sessions left at the drain's deadline, 1m0s after its start"},
		{"the deadline, one on its way", Input{Sessions: moving, InFlight: 1}, time.Minute, End, 1, "1 session left at the drain's deadline, 1m0s after its start"},
		{"a move is not done, and the server is silent", Input{InFlight: 2, Silent: 20 * time.Second}, 50 * time.Second, Wait, 0, "players of 2 sessions that moved could not be sent on: the server has no link and was not heard of for 20s; its deadline is in 10s"},
		{"a move is not done, and the server was silent to the deadline", Input{InFlight: 2, Silent: 30 * time.Second}, time.Minute, Empty, 0, "players of 2 sessions that moved could not be sent on: the server has no link and was not heard of for 30s, and the drain's deadline has passed"},
		{"a move is not done at the deadline", Input{InFlight: 2}, time.Minute, Wait, 0, "2 hand-overs under way"},
		{"nobody knows what is on it", Input{Unknown: true}, time.Second, Wait, 0, "found again and not heard of: what may be on it has until the deadline in 59s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.Drain, c.in.Now = drain, start.Add(c.after)
			got := Decide(c.in)
			if got.Step != c.step || len(got.Sessions) != c.n || got.Reason != c.why {
				t.Errorf("got step %d with %d sessions: %q\nwant step %d with %d: %q", got.Step, len(got.Sessions), got.Reason, c.step, c.n, c.why)
			}
		})
	}
}

// TestSafety: whatever is left and under way, nothing is ended before the deadline or handed over before its time, never
// more than the bound or than there is room for, and no server with sessions is empty.
func TestSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Input{
			Drain: drain, Sessions: sessions(rapid.IntRange(0, 20).Draw(t, "sessions")),
			InFlight: rapid.IntRange(0, MaxHandOvers).Draw(t, "in flight"), FreeSlots: rapid.IntRange(-3, 30).Draw(t, "free"),
			CanMove: rapid.Bool().Draw(t, "link"), Unknown: rapid.Bool().Draw(t, "unknown"),
			Silent: time.Duration(rapid.IntRange(0, 1).Draw(t, "silent")) * time.Minute,
			Now:    start.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "after")) * time.Second),
		}
		for i := range in.Sessions {
			in.Sessions[i].Moving = rapid.Bool().Draw(t, "moving")
		}
		got := Decide(in)
		late := !in.Now.Before(drain.DeadlineAt)
		switch {
		case got.Reason == "":
			t.Fatal("no reason")
		case got.Step == End && !late, got.Step == HandOver && (late || in.Now.Before(drain.HandOverAt)):
			t.Fatalf("step %d at %s", got.Step, in.Now)
		case got.Step == HandOver && (len(got.Sessions)+in.InFlight > MaxHandOvers || len(got.Sessions) > in.FreeSlots):
			t.Fatalf("%d hand-overs beside %d, %d slots free", len(got.Sessions), in.InFlight, in.FreeSlots)
		case got.Step == Empty && (len(in.Sessions) > 0 || in.InFlight > 0 && !got.Abandon):
			t.Fatal("empty with sessions")
		case got.Abandon && (!late || in.Silent == 0 || in.InFlight == 0):
			t.Fatal("players are given up who can be told, or have time to hear")
		}
		for _, s := range got.Sessions {
			if s.Moving {
				t.Fatalf("%s is on its way already", s.Key)
			}
		}
	})
}
