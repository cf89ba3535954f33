package scale

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/when"
	"greenroom.dev/greenroom/internal/model"
)

// Memory is what a fleet's scaling remembers between two decisions. Its zero value is that of one that just started; its
// size is bounded by the number of the fleet's servers, policies and events.
type Memory struct {
	// Surplus says since when each server has been surplus.
	Surplus map[model.ServerID]time.Time
	// Dispensable says since when each server's sessions would find room on the others.
	Dispensable map[model.ServerID]time.Time
	// Stuck says when each server was taken back whose sessions did not move.
	Stuck map[model.ServerID]time.Time

	at      time.Time // of the last decision; zero: none
	awake   time.Time // of the first
	demand  demand
	coming  []model.ServerID // sorted
	boots   []time.Duration  // of the last servers that became ready, oldest first, at most maxBoots
	wants   wants
	event   gathering
	peaks   peaks
	starts  minute
	stops   minute
	moves   minute // for consolidation
	windows map[model.Window]timed
}

// maxBoots bounds the boot times that are remembered.
const maxBoots = 20

// want is what a policy last asked for.
type want struct {
	name                 string
	spoke                bool // it has, since the memory began
	servers, free, ready int
	slow                 float64 // the trend's, which falls slowly
}

type wants []want

func (w wants) of(name string) want {
	for i := range w {
		if w[i].name == name {
			return w[i]
		}
	}
	return want{}
}

// boot notes the servers that came, and how long that took.
func (m *Memory) boot(in *Input) {
	var coming []model.ServerID
	for i := range in.Servers {
		s := &in.Servers[i]
		switch s.Stage {
		case Coming:
			coming = append(coming, s.ID)
		case Warm, Serving:
			if len(m.coming) == 0 {
				continue
			}
			if _, was := slices.BinarySearch(m.coming, s.ID); !was {
				continue
			}
			if took := in.Now.Sub(s.CreatedAt); took > 0 && took <= in.Spec.StartTimeout {
				m.boots = append(m.boots[max(0, len(m.boots)-maxBoots+1):len(m.boots):len(m.boots)], took)
			}
		}
	}
	slices.Sort(coming)
	m.coming = coming
}

// percentile95 is the value that at most one in twenty of the list, which is not empty, is above.
func percentile95(list []time.Duration) time.Duration {
	var room [maxBoots]time.Duration
	sorted := append(room[:0], list...)
	slices.Sort(sorted)
	return sorted[(len(sorted)*95+99)/100-1]
}

// timed is a window that was read, with what is known of it until it changes.
type timed struct {
	times *when.Times
	err   error
	from  time.Time // the answer holds from then
	until time.Time // up to then
	span  when.Span
	in    bool
}

// inside answers whether now is inside a window and in which occurrence, and when the answer changes.
func (x *weighing) inside(w model.Window, now time.Time) (span when.Span, in bool, next time.Time, err error) {
	t, known := x.mem.windows[w]
	if !known {
		t.times, t.err = when.Parse(w)
	}
	if t.err != nil {
		x.note(w, t)
		return when.Span{}, false, time.Time{}, t.err
	}
	if now.Before(t.from) || !now.Before(t.until) {
		t.span, t.in = t.times.At(now)
		t.from, t.until = now, t.times.Next(now).Begin
		if t.in && (t.until.IsZero() || t.span.End.Before(t.until)) {
			t.until = t.span.End
		}
	}
	x.note(w, t)
	return t.span, t.in, t.until, nil
}

// note keeps what is known of a window that was asked for.
func (x *weighing) note(w model.Window, t timed) {
	if x.windows == nil {
		x.windows = make(map[model.Window]timed)
	}
	x.windows[w] = t
}
