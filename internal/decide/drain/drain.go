// Package drain owns what a draining server does next: wait for natural ends, hand sessions over a few at a time, end
// what is left at the deadline, and be empty. It is pure, and ends nothing before the deadline (rule I3).
package drain

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

const (
	// MaxHandOvers bounds the hand-overs in flight from one server.
	MaxHandOvers = 8
	// Settle is how long a server stays up after its last hand-over, so that its players are told where to go.
	Settle = 2 * time.Second
	// Heard is how long after its last hand-over a linked server has to be heard of: a link that broke before may have lost the word
	// that sends its players on.
	Heard = time.Second
)

// Step is what is to be done with a draining server now.
type Step uint8

// Steps of a drain.
const (
	Wait Step = iota
	HandOver
	End
	Empty
)

// Session is one session left on the server.
type Session struct {
	model.SessionRef
	Generation model.Generation
	Players    int
	Moving     bool      // on its way already
	RetryAt    time.Time // after a failed hand-over: not tried again before
}

// Input is all that a step depends on.
type Input struct {
	Drain    model.Drain
	Sessions []Session // left on the server, in the order they are to be moved
	// InFlight counts this server's hand-overs that are being carried out, also of sessions that already left it.
	InFlight   int
	LastMoveAt time.Time // end of its last hand-over; zero for none
	FreeSlots  int       // session slots elsewhere that its sessions could take
	Pause      string    // why no hand-over may begin now; "": it may
	CanMove    bool      // it has a link, which hand-overs need
	HeardAt    time.Time // when it was last heard of
	Unknown    bool      // it was found again and has not greeted: nobody knows what is on it
	// Silent is how long nothing was heard of it, once that is longer than doubt needs and its link is gone; else 0.
	Silent time.Duration
	Now    time.Time
}

// Decision is a step with its reason.
type Decision struct {
	Step     Step
	Sessions []Session // to hand over, or to end
	Abandon  bool      // for Empty: players of sessions that left could not be sent on
	Reason   string
}

// Decide gives the step. At the deadline a hand-over in flight is still waited for: its time is bounded too.
func Decide(in Input) Decision {
	left := len(in.Sessions)
	switch {
	case in.Unknown && in.Now.Before(in.Drain.DeadlineAt):
		return Decision{Step: Wait, Reason: fmt.Sprintf("found again and not heard of: what may be on it has until the deadline in %s",
			round(in.Drain.DeadlineAt.Sub(in.Now)))}
	case in.InFlight == 0 && left == 0:
		return empty(in)
	case left == 0 && in.Silent > 0:
		return abandon(in)
	case left == 0:
		return Decision{Step: Wait, Reason: model.Count(in.InFlight, "hand-over") + " under way"}
	case !in.Now.Before(in.Drain.DeadlineAt):
		return end(in)
	case in.Now.Before(in.Drain.HandOverAt):
		return Decision{Step: Wait, Reason: fmt.Sprintf("%s left, waits %s for natural ends",
			model.Count(left, "session"), round(in.Drain.HandOverAt.Sub(in.Now)))}
	default:
		return handOver(in)
	}
}

func empty(in Input) Decision {
	if since := in.Now.Sub(in.LastMoveAt); !in.LastMoveAt.IsZero() && since < Settle {
		return Decision{Step: Wait, Reason: fmt.Sprintf("its last session moved %s ago, players are being sent on", since.Round(time.Millisecond))}
	}
	if in.CanMove && !in.LastMoveAt.IsZero() && in.HeardAt.Before(in.LastMoveAt.Add(Heard)) && in.Now.Before(in.Drain.DeadlineAt) {
		return Decision{Step: Wait, Reason: fmt.Sprintf("its last session moved %s ago, and it was not heard of %s after that or later: its players may not have been sent on",
			in.Now.Sub(in.LastMoveAt).Round(time.Millisecond), Heard)}
	}
	return Decision{Step: Empty, Reason: "no session left: " + in.Drain.Reason}
}

// abandon is the end of a drain whose server nobody can tell where its last players are to go: they have until the deadline to
// hear of it. Their sessions live elsewhere by then.
func abandon(in Input) Decision {
	who := fmt.Sprintf("players of %s that moved could not be sent on: the server has no link and was not heard of for %s",
		model.Count(in.InFlight, "session"), round(in.Silent))
	if left := in.Drain.DeadlineAt.Sub(in.Now); left > 0 {
		return Decision{Step: Wait, Reason: fmt.Sprintf("%s; its deadline is in %s", who, round(left))}
	}
	return Decision{Step: Empty, Abandon: true, Reason: who + ", and the drain's deadline has passed"}
}

func end(in Input) Decision {
	d := Decision{Step: End}
	for _, s := range in.Sessions {
		if !s.Moving {
			d.Sessions = append(d.Sessions, s)
		}
	}
	if len(d.Sessions) == 0 {
		return Decision{Step: Wait, Reason: model.Count(len(in.Sessions), "session") + " on the way past the drain's deadline"}
	}
	d.Reason = fmt.Sprintf("%s left at the drain's deadline, %s after its start",
		model.Count(len(d.Sessions), "session"), round(in.Drain.DeadlineAt.Sub(in.Drain.StartedAt)))
	return d
}

func handOver(in Input) Decision {
	left := model.Count(len(in.Sessions), "session")
	until := fmt.Sprintf("; its deadline is in %s", round(in.Drain.DeadlineAt.Sub(in.Now)))
	if !in.CanMove {
		return Decision{Step: Wait, Reason: left + " left that cannot be handed over: the server has no link" + until}
	}
	d := Decision{Step: HandOver}
	able := 0
	for _, s := range in.Sessions {
		if s.Moving || in.Now.Before(s.RetryAt) {
			continue
		}
		able++
		if len(d.Sessions)+in.InFlight < MaxHandOvers && len(d.Sessions) < in.FreeSlots && in.Pause == "" {
			d.Sessions = append(d.Sessions, s)
		}
	}
	switch {
	case len(d.Sessions) > 0:
		d.Reason = fmt.Sprintf("%d of %s left: %s", len(d.Sessions), left, in.Drain.Reason)
		return d
	case able > 0 && in.Pause != "":
		return Decision{Step: Wait, Reason: left + " left: " + in.Pause + until}
	case able > 0 && in.FreeSlots <= 0:
		return Decision{Step: Wait, Reason: left + " left and no free session slot to take them" + until}
	default:
		return Decision{Step: Wait, Reason: fmt.Sprintf("%s left, %s under way", left, model.Count(in.InFlight, "hand-over"))}
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Second) }
