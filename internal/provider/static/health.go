package static

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// Answer is what a look at a server saw.
type Answer struct {
	Err  error // nil: it was good
	Says *Says // what the server said of itself; nil: nothing
}

// health is what looks at one server have seen. It is pure: see is told the time.
type health struct {
	good, bad int       // looks in a row
	goodAt    time.Time // the last good look, or the first that could have been
	why       string    // of the last bad look
	doubtful  string    // why it is in doubt; "": it is not
	reported  *provider.Reported
	capacity  model.Capacity
	leave     *model.NodeLeave // without its node
}

// see takes a look in.
func (h *health) see(a Answer, p model.Probe, now time.Time) {
	if a.Err != nil {
		h.good, h.bad, h.why = 0, h.bad+1, a.Err.Error()
		if h.doubtful == "" && h.bad >= p.Threshold {
			h.doubtful = fmt.Sprintf("%s without a good answer: %s", model.Count(h.bad, "probe"), h.why)
		}
		return
	}
	h.good, h.bad, h.why, h.goodAt = h.good+1, 0, "", now
	if h.good >= p.Threshold {
		h.doubtful = ""
	}
	h.heed(a.Says, now)
}

// heed takes in what a server says of itself. One that says nothing takes nothing back but that it leaves.
func (h *health) heed(s *Says, now time.Time) {
	if s == nil {
		h.leave = nil
		return
	}
	if s.Sessions >= 0 || s.Players >= 0 {
		h.reported = &provider.Reported{Sessions: s.Sessions, Players: s.Players, At: now}
	}
	h.capacity = s.Capacity
	if !s.Draining && s.LeavingAt.IsZero() {
		h.leave = nil
		return
	}
	noticed := now
	if h.leave != nil {
		noticed = h.leave.NoticedAt
	}
	h.leave = &model.NodeLeave{NoticedAt: noticed, DeadlineAt: s.LeavingAt, Reason: s.Reason, ByProvider: true}
}

func (h *health) doubt() string { return h.doubtful }

// dead tells whether the server has given no good answer for so long that nobody is there. Time alone does not count, which
// passes while this machine sleeps too: as many looks must have been bad as there are in the half of it.
func (h *health) dead(p model.Probe, now time.Time) bool {
	looks := max(p.Threshold, int(p.DeadAfter/(2*max(p.Interval, time.Millisecond))))
	return h.bad >= looks && now.Sub(h.goodAt) >= p.DeadAfter
}
