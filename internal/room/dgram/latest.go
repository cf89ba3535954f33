package dgram

import (
	"slices"

	"greenroom.dev/greenroom/internal/room/wire"
)

// run is positions that were told together. Neither the slice nor its bytes are ever changed.
type run struct {
	after   uint64 // how far the stream was when they were told
	entries []wire.Latest
}

// due is one position that waits to be sent, of which no newer one was.
type due struct {
	after uint64
	wire.Latest
}

// outLatest are the positions to be sent: those of the last telling, and what is left of earlier ones or was lost on the
// way. A member is in it once, with its newest value.
type outLatest struct {
	now   run   // the last telling, as far as it was not sent
	due   []due // of no member that now has
	known map[uint64]struct{}
}

// tell takes the newest positions.
func (o *outLatest) tell(r run) {
	if len(o.now.entries) > 0 || len(o.due) > 0 {
		o.forgetKnown()
		o.know(&r)
		o.due = slices.DeleteFunc(o.due, func(d due) bool { return o.knows(d.Member) })
		o.owe(&o.now)
	}
	o.now = r
}

func (o *outLatest) forgetKnown() {
	if o.known == nil {
		o.known = map[uint64]struct{}{}
	}
	clear(o.known)
}

func (o *outLatest) know(r *run) {
	for i := range r.entries {
		o.known[r.entries[i].Member] = struct{}{}
	}
}

func (o *outLatest) knows(member uint64) bool {
	_, ok := o.known[member]
	return ok
}

// owe makes due what is of members that are not known. What others share of its bytes is let go.
func (o *outLatest) owe(r *run) {
	entries, size := 0, 0
	for i := range r.entries {
		if !o.knows(r.entries[i].Member) {
			entries, size = entries+1, size+len(r.entries[i].Bytes)
		}
	}
	o.due = slices.Grow(o.due, entries)
	all := make([]byte, 0, size)
	for i := range r.entries {
		l := &r.entries[i]
		if o.knows(l.Member) {
			continue
		}
		at := len(all)
		all = append(all, l.Bytes...)
		o.due = append(o.due, due{r.after, wire.Latest{Member: l.Member, Bytes: all[at:len(all):len(all)]}})
	}
}

func (o *outLatest) clear() { o.now, o.due = run{}, nil }

// ready tells whether something may be sent while the stream was sent up to next.
func (o *outLatest) ready(next uint64) bool {
	if len(o.now.entries) > 0 && o.now.after <= next {
		return true
	}
	for i := range o.due {
		if o.due[i].after <= next {
			return true
		}
	}
	return false
}

// take removes the next entries that fit into limit bytes together; all of them were told when the stream was as far. size
// is their length.
func (o *outLatest) take(next uint64, limit int) (r run, size int) {
	if i := slices.IndexFunc(o.due, func(d due) bool { return d.after <= next }); i >= 0 {
		return o.takeDue(o.due[i].after, limit)
	}
	if o.now.after > next {
		return run{}, 0
	}
	n := 0
	for n < len(o.now.entries) && size+len(o.now.entries[n].Bytes) <= limit {
		size += len(o.now.entries[n].Bytes)
		n++
	}
	r = run{o.now.after, o.now.entries[:n:n]}
	o.now.entries = o.now.entries[n:]
	return r, size
}

func (o *outLatest) takeDue(after uint64, limit int) (r run, size int) {
	r.after = after
	kept := o.due[:0]
	for _, d := range o.due {
		if d.after == after && size+len(d.Bytes) <= limit {
			r.entries = append(r.entries, d.Latest)
			size += len(d.Bytes)
		} else {
			kept = append(kept, d)
		}
	}
	clear(o.due[len(kept):])
	o.due = kept
	return r, size
}

// lose makes due again what was lost and has no newer position on its way, or arrived. newer are the runs sent later.
func (o *outLatest) lose(lost []run, newer func(yield func(*run))) {
	any := false
	for i := range lost {
		any = any || len(lost[i].entries) > 0
	}
	if !any {
		return
	}
	o.forgetKnown()
	newer(o.know)
	o.know(&o.now)
	for i := range o.due {
		o.known[o.due[i].Member] = struct{}{}
	}
	for i := range lost {
		o.owe(&lost[i])
		o.know(&lost[i])
	}
}
