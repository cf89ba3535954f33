package bot

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// CurveReport is what the players of a curve went through.
type CurveReport struct {
	Routes    []model.RouteName `json:"routes"`
	Transport string            `json:"transport"`
	Speed     float64           `json:"speed"`
	Seed      uint64            `json:"seed"`
	Hz        float64           `json:"hz"`
	Started   time.Time         `json:"started"`
	Seconds   float64           `json:"seconds"` // from the start until everybody had left
	Visits    int               `json:"visits"`  // players the trace has

	JoinSum
	Windows []WindowSum `json:"windows,omitempty"`

	Rejoined     uint64 `json:"rejoined"`     // times a player came back in, told to move or not
	Moved        uint64 `json:"moved"`        // times a room told a player to move
	Disconnected uint64 `json:"disconnected"` // times a player was cut off without having been told
	// LostState counts, for each player who left, those of its session, itself included, whose last word it did not know.
	LostState uint64 `json:"lost_state"`
	Sent      uint64 `json:"sent"`
	Delivered uint64 `json:"delivered"` // states received, without snapshots
	Errors    uint64 `json:"errors"`
	// WatchBreaks is how often a watch stream ended before the run: the timeline stood still meanwhile.
	WatchBreaks uint64 `json:"watch_breaks"`
	// LateMS is how much later than drawn players came: what this process was short of CPU. It is in no join's time.
	LateMS Quantiles `json:"late_ms"`

	PeakPlayers  int `json:"peak_players"`
	PeakSessions int `json:"peak_sessions"`
	PeakServers  int `json:"peak_servers"`             // ready or open
	LeastSlots   int `json:"least_free_session_slots"` // while players were in

	Problems []string `json:"problems,omitempty"` // the first few errors

	Timeline []Sample `json:"-"`
	Marks    []Mark   `json:"-"`
}

// JoinSum sums some joins up.
type JoinSum struct {
	Joined   uint64    `json:"joined"`
	Failed   uint64    `json:"failed"`
	Waited   uint64    `json:"waited"` // of those that joined: in their route's queue
	WaitedMS float64   `json:"longest_wait_ms"`
	CallMS   Quantiles `json:"call_ms"` // from the API call to its answer
	JoinMS   Quantiles `json:"join_ms"` // from the API call to the room's first snapshot
}

// WindowSum sums the joins of a window up.
type WindowSum struct {
	From float64 `json:"from_seconds"`
	To   float64 `json:"to_seconds"`
	JoinSum
}

func (j *joins) sum() JoinSum {
	return JoinSum{
		Joined: j.enter.Count(), Failed: j.failed, Waited: j.waited, WaitedMS: float64(j.longest.Microseconds()) / 1000,
		CallMS: quantilesOf(&j.call), JoinMS: quantilesOf(&j.enter),
	}
}

func (c *curve) report() CurveReport {
	t := &c.tally
	r := CurveReport{
		Transport: c.cfg.Transport, Speed: c.cfg.Speed, Seed: c.cfg.Seed, Hz: c.cfg.Hz, Started: c.started,
		Seconds: c.lasted.Seconds(), Visits: len(c.visits), JoinSum: t.all.sum(),
		Rejoined: t.rejoined.Load(), Moved: t.moved.Load(), Disconnected: t.disconnected.Load(), LostState: t.lostState.Load(),
		Sent: t.sent.Load(), Delivered: t.delivered.Load(), Errors: t.errors.Load(), WatchBreaks: c.seen.breaks,
		LateMS: quantilesOf(&t.late), Problems: t.problems, Timeline: c.samples, Marks: c.marks,
	}
	for name := range c.seen.routes {
		r.Routes = append(r.Routes, model.RouteName(name))
	}
	slices.Sort(r.Routes)
	for i, w := range t.windows {
		r.Windows = append(r.Windows, WindowSum{w.From.Seconds(), w.To.Seconds(), t.within[i].sum()})
	}
	peopled := false
	for _, s := range c.samples {
		r.PeakPlayers, r.PeakSessions = max(r.PeakPlayers, s.Players), max(r.PeakSessions, s.Sessions)
		r.PeakServers = max(r.PeakServers, s.Ready+s.Open)
		if s.In > 0 && (!peopled || s.FreeSlots < r.LeastSlots) {
			peopled, r.LeastSlots = true, s.FreeSlots
		}
	}
	return r
}

// Fault is what players should not have gone through, in words; "": nothing.
func (r *CurveReport) Fault() string {
	switch {
	case r.Failed > 0:
		return fmt.Sprintf("%s failed", model.Count(int(r.Failed), "join"))
	case r.Disconnected > 0 || r.LostState > 0:
		return fmt.Sprintf("%s, %s lost", model.Count(int(r.Disconnected), "disconnect"), model.Count(int(r.LostState), "state"))
	case r.Errors > 0:
		return model.Count(int(r.Errors), "error")
	}
	return ""
}

// WriteTable writes the report for people.
func (r CurveReport) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(what string, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	line("routes", "%v over %s, %gx, seed %d, %g Hz, %.1f s", r.Routes, r.Transport, r.Speed, r.Seed, r.Hz, r.Seconds)
	line("joined", "%d of %d", r.Joined, r.Visits)
	line("failed", "%d", r.Failed)
	line("waited", "%d, %.0f ms at most", r.Waited, r.WaitedMS)
	line("told to move", "%d", r.Moved)
	line("disconnected", "%d", r.Disconnected)
	line("lost state", "%d", r.LostState)
	line("sent, delivered", "%d, %d", r.Sent, r.Delivered)
	line("errors", "%d", r.Errors)
	line("at most", "%d players, %d sessions, %d servers ready or open", r.PeakPlayers, r.PeakSessions, r.PeakServers)
	line("free session slots", "%d at least", r.LeastSlots)
	fmt.Fprintf(t, "\nms\tp50\tp99\tmax\tcount\n")
	quantiles := func(name string, q Quantiles) {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f\t%d\n", name, q.P50, q.P99, q.Max, q.Count)
	}
	quantiles("join", r.JoinMS)
	quantiles("of it, the API's answer", r.CallMS)
	for _, w := range r.Windows {
		quantiles(fmt.Sprintf("join, %g to %g s", w.From, w.To), w.JoinMS)
	}
	quantiles("came late", r.LateMS)
	for _, problem := range r.Problems {
		fmt.Fprintf(t, "\nproblem\t%s", problem)
	}
	if len(r.Problems) > 0 {
		fmt.Fprintln(t)
	}
	return t.Flush()
}
