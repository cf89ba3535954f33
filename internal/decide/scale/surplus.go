package scale

import (
	"cmp"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// surplus marks the empty servers that could go with every want still met and the minimum kept, those marked before
// first, so that the marks stay where they are; and names those whose time has come.
func (d *Decision) surplus(in *Input, x *weighing, low floor) {
	c := x.census
	s := marker{in: in, marked: make(map[model.ServerID]time.Time), living: c.living - in.Spec.Min, usable: c.usable() - low.servers}
	spareSlots := c.free - low.free
	s.mark(c.serving, func(v *Server) bool {
		if v.FreeSlots > spareSlots {
			return false
		}
		spareSlots -= v.FreeSlots
		return true
	})
	spareWarm := len(c.warm) + c.coming - low.ready
	s.mark(c.warm, func(*Server) bool {
		spareWarm--
		return spareWarm >= 0
	})
	x.mem.Surplus = s.marked
	x.spare = spare{spareSlots, s.living, s.usable}
	var due []model.ServerID
	for id, since := range s.marked {
		if in.Now.Sub(since) >= in.Spec.ScaleInAfter {
			due = append(due, id)
		}
	}
	if len(due) == 0 {
		return
	}
	slices.Sort(due)
	d.Remove = due[:x.allowed(len(due), model.ReasonEmpty, &d.Holds)]
}

// marker marks surplus servers.
type marker struct {
	in             *Input
	marked         map[model.ServerID]time.Time
	living, usable int // that may go
}

func (m *marker) mark(servers []int, dispensable func(*Server) bool) {
	empty := make([]int, 0, 16)
	for _, i := range servers {
		if v := &m.in.Servers[i]; v.Empty && !v.Stays {
			empty = append(empty, i)
		}
	}
	slices.SortFunc(empty, func(a, b int) int {
		v, w := &m.in.Servers[a], &m.in.Servers[b]
		return cmp.Or(m.since(v.ID).Compare(m.since(w.ID)), lastFirst(v, w), older(w, v))
	})
	for _, i := range empty {
		v := &m.in.Servers[i]
		if m.living > 0 && m.usable > 0 && dispensable(v) {
			m.living--
			m.usable--
			m.marked[v.ID] = m.since(v.ID)
		}
	}
}

func (m *marker) since(id model.ServerID) time.Time {
	return m.in.Memory.since(m.in.Memory.Surplus, id, m.in.Now)
}
