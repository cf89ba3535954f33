package bot

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"text/tabwriter"
)

// Report is what the players went through.
type Report struct {
	Route     string  `json:"route"`
	Transport string  `json:"transport"`
	Sessions  int     `json:"sessions"`
	Players   int     `json:"players"`
	Hz        float64 `json:"hz"`
	Seconds   float64 `json:"seconds"` // from the first join until the players stopped moving

	Joined       uint64 `json:"joined"`       // players that got in
	Rejoined     uint64 `json:"rejoined"`     // times a player came back in, told to move or not
	Moved        uint64 `json:"moved"`        // times a room told a player to move
	Disconnected uint64 `json:"disconnected"` // times a player was cut off without having been told
	// LostState counts, at the end, the positions that are not what their player said last, in each player's eyes: with P
	// players in a session there are P×P to look at.
	LostState  uint64 `json:"lost_state"`
	Sent       uint64 `json:"sent"`
	Held       uint64 `json:"held"`      // messages given up because too many waited already
	Delivered  uint64 `json:"delivered"` // states and events received, without snapshots
	PerSecond  uint64 `json:"delivered_per_second"`
	Gaps       uint64 `json:"gaps"`       // events that never came though nobody said so
	Duplicates uint64 `json:"duplicates"` // events that came twice
	Missed     uint64 `json:"missed"`     // events that the room said a player missed
	Resyncs    uint64 `json:"resyncs"`    // snapshots because a player read too slowly
	Errors     uint64 `json:"errors"`

	JoinMS      Quantiles `json:"join_ms"`       // from the API call to the room's first snapshot
	LatencyMS   Quantiles `json:"latency_ms"`    // from a position's sending to its arrival, one in eight, and every event
	RejoinGapMS Quantiles `json:"rejoin_gap_ms"` // from the old connection's last message to the new one's first snapshot

	Problems []string `json:"problems,omitempty"` // the first few errors
}

// Quantiles sum up durations in milliseconds, at most 3 % too high.
type Quantiles struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// WriteTable writes the report for people.
func (r Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(what string, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	line("route", "%s over %s, %d sessions, %g Hz, %.1f s", r.Route, r.Transport, r.Sessions, r.Hz, r.Seconds)
	line("joined", "%d of %d", r.Joined, r.Players)
	line("told to move", "%d", r.Moved)
	line("disconnected", "%d", r.Disconnected)
	line("rejoined", "%d", r.Rejoined)
	line("lost state", "%d", r.LostState)
	line("sent", "%d (%d held back)", r.Sent, r.Held)
	line("delivered", "%d (%d/s)", r.Delivered, r.PerSecond)
	line("event gaps", "%d (%d announced)", r.Gaps, r.Missed)
	line("event duplicates", "%d", r.Duplicates)
	line("resyncs", "%d", r.Resyncs)
	line("errors", "%d", r.Errors)
	fmt.Fprintf(t, "\nms\tp50\tp99\tmax\tcount\n")
	for _, q := range []struct {
		name string
		Quantiles
	}{{"join", r.JoinMS}, {"latency", r.LatencyMS}, {"rejoin gap", r.RejoinGapMS}} {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f\t%d\n", q.name, q.P50, q.P99, q.Max, q.Count)
	}
	for _, problem := range r.Problems {
		fmt.Fprintf(t, "\nproblem\t%s", problem)
	}
	if len(r.Problems) > 0 {
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// measured is what the players add to as they go.
type measured struct {
	joined, rejoined, moved, disconnected, sent, held, errors, lostState atomic.Uint64

	joinTime, latency, rejoinGap histogram

	mu       sync.Mutex
	problems []string
}

const keptProblems = 5

func (m *measured) fail(logger *slog.Logger, what, player string, err error) {
	m.errors.Add(1)
	logger.Warn(what, "player", player, "error", err)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.problems) < keptProblems {
		m.problems = append(m.problems, fmt.Sprintf("%s: %s: %v", player, what, err))
	}
}

func (c *crowd) report() Report {
	m, cfg := &c.measured, &c.cfg
	r := Report{
		Route: cfg.Route, Transport: cfg.Transport, Sessions: cfg.Sessions, Players: cfg.Players, Hz: cfg.Hz,
		Seconds: c.stopped.Sub(c.started).Seconds(),
		Joined:  m.joined.Load(), Rejoined: m.rejoined.Load(), Moved: m.moved.Load(), Disconnected: m.disconnected.Load(),
		LostState: m.lostState.Load(), Sent: m.sent.Load(), Held: m.held.Load(), Errors: m.errors.Load(),
		JoinMS: m.joinTime.summary(), LatencyMS: m.latency.summary(), RejoinGapMS: m.rejoinGap.summary(),
		Problems: m.problems,
	}
	for _, p := range c.players {
		r.Delivered += p.delivered.Load()
		p.addFaults(&r)
	}
	r.PerSecond = uint64(float64(r.Delivered) / max(r.Seconds, 0.001))
	return r
}

// addFaults: what the transport noticed and what the serial numbers show are two looks at the same events; the worse counts.
func (p *player) addFaults(r *Report) {
	if p.seat == nil {
		return
	}
	noticed := p.seat.faults()
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Gaps += max(noticed.gaps, p.gaps)
	r.Duplicates += max(noticed.duplicates, p.twice)
	r.Missed += max(noticed.missed, p.missed)
	r.Resyncs += noticed.resyncs
}
