package scale

import "time"

// floor is what may not be undercut by taking servers away.
type floor struct{ free, servers, ready int }

// peaks are the highest wants of the stabilisation window, by parts of it, oldest first; at most peakParts and one.
type peaks []peak

// peak is the highest of a part of the window. Slots are all that were wanted, those in use among them.
type peak struct {
	from                  time.Time
	slots, servers, ready int
}

// peakParts is into how many parts the window is divided: a want is forgotten that part of it late at most.
const peakParts = 32

// lowest is what is wanted, the highest of the stabilisation window.
func (x *weighing) lowest(need int) floor {
	f := floor{need, x.wantServers(), x.wantReady()}
	window := x.in.Spec.Scaling.Stabilization
	if window <= 0 {
		x.mem.peaks = nil
		return f
	}
	x.mem.peaks = x.before.peaks.add(x.in.Now, window, peak{x.in.Now, x.census.used() + need, f.servers, f.ready})
	for _, p := range x.mem.peaks {
		f.free = max(f.free, p.slots-x.census.used())
		f.servers = max(f.servers, p.servers)
		f.ready = max(f.ready, p.ready)
	}
	return f
}

func (p peaks) add(now time.Time, window time.Duration, v peak) peaks {
	var out peaks
	for _, old := range p {
		if age := now.Sub(old.from); age >= 0 && age <= window+window/peakParts {
			out = append(out, old)
		}
	}
	last := len(out) - 1
	if last < 0 || now.Sub(out[last].from) >= window/peakParts {
		return append(out, v)
	}
	l := &out[last]
	l.slots, l.servers, l.ready = max(l.slots, v.slots), max(l.servers, v.servers), max(l.ready, v.ready)
	return out
}
