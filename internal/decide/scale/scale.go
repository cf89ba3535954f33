// Package scale owns how many servers a fleet is to have: it keeps the two buffers of warmth full, stays between min and
// max, and names the servers that nobody needs. It is pure and does not flap: a server is named surplus only after it
// was empty and unneeded for the fleet's scale-in time without a break, and never when taking it away would leave a
// buffer short.
package scale

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Stage is what a server gives to its fleet's capacity.
type Stage uint8

// Stages. All but Leaving count towards the fleet's minimum, all towards its maximum.
const (
	Coming   Stage = iota // started, not ready yet
	Warm                  // ready, to be opened
	Serving               // open, takes sessions
	Doubtful              // silent, cordoned or not greeted again: gives nothing for now
	Leaving               // draining, stopping or dead
)

// Server is what scaling needs to know of a server.
type Server struct {
	ID        model.ServerID
	Stage     Stage
	FreeSlots int  // session slots a new session would find
	Empty     bool // no session and no seat
	CreatedAt time.Time
}

// Input is all that a decision depends on.
type Input struct {
	Spec    model.FleetSpec // with defaults
	Servers []Server
	// Rehome counts sessions that need a new place soon: on draining servers, or without a server after a crash.
	Rehome int
	// Waiting counts joins that stand in a queue for want of room. They ask for slots where the open buffer is smaller
	// than they are, so that a fleet without any buffer still serves whoever comes.
	Waiting int
	// Surplus says since when each server has been surplus: the Surplus of the last decision, nil for none.
	Surplus map[model.ServerID]time.Time
	Now     time.Time
}

// Decision says what is missing and what is too much.
type Decision struct {
	Free, Need int // session slots on serving servers, and what the open buffer and re-homing ask for
	Opens      []model.ServerID
	OpenReason string // for all Opens
	Starts     []Start
	Surplus    map[model.ServerID]time.Time // to be given to the next decision
	Remove     []model.ServerID             // surplus for the scale-in time
	Holds      []string                     // wanted, but not allowed now
	Over       int                          // servers that would be started but for the maximum
}

// Start asks for Count servers for one reason.
type Start struct {
	Count  int
	Reason string
}

// Decide compares what there is with what is wanted. The cost is that of sorting the servers.
func Decide(in Input) Decision {
	c := count(in)
	d := Decision{Free: c.free, Need: max(in.Spec.Open, in.Waiting) + in.Rehome}
	short := d.Free < d.Need
	d.open(in, &c)
	d.start(in, c)
	if !short && len(d.Starts) == 0 {
		d.surplus(in, c)
	}
	return d
}

// census is the fleet by stage; open moves servers from warm to serving.
type census struct {
	warm, serving        []Server
	coming, living, free int
}

func count(in Input) census {
	var c census
	for _, s := range in.Servers {
		switch s.Stage {
		case Coming:
			c.coming++
		case Warm:
			c.warm = append(c.warm, s)
		case Serving:
			c.serving = append(c.serving, s)
			c.free += s.FreeSlots
		}
		if s.Stage != Leaving {
			c.living++
		}
	}
	slices.SortFunc(c.warm, oldestFirst)
	return c
}

func oldestFirst(a, b Server) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// open takes warm servers, oldest first, until the open buffer is full or none is left.
func (d *Decision) open(in Input, c *census) {
	d.OpenReason = slotsReason(d.Free, in)
	for c.free < d.Need && len(c.warm) > 0 {
		s := c.warm[0]
		c.warm = c.warm[1:]
		c.free += s.FreeSlots
		d.Opens = append(d.Opens, s.ID)
	}
}

// start asks for what the warm servers could not fill, then for the ready buffer, then for the minimum; servers that
// are coming are counted in the same order.
func (d *Decision) start(in Input, c census) {
	slots := max(1, in.Spec.Capacity.Sessions)
	lack := (max(0, d.Need-c.free) + slots - 1) / slots
	forSlots := max(0, lack-c.coming)
	spare := max(0, c.coming-lack)
	forReady := max(0, in.Spec.Ready-len(c.warm)-spare)
	forMin := max(0, in.Spec.Min-c.living-forSlots-forReady)
	room := max(0, in.Spec.Max-len(in.Servers))
	for _, w := range []Start{
		{forSlots, d.OpenReason},
		{forReady, fmt.Sprintf("%s, buffer %d", model.Count(len(c.warm)+spare, "ready server"), in.Spec.Ready)},
		{forMin, fmt.Sprintf("%s, minimum %d", model.Count(c.living+forSlots+forReady, "server"), in.Spec.Min)},
	} {
		n := min(w.Count, room)
		room -= n
		if n > 0 {
			d.Starts = append(d.Starts, Start{n, w.Reason})
		}
		if n < w.Count {
			d.Over += w.Count - n
			d.Holds = append(d.Holds, fmt.Sprintf("would start %s (%s): the maximum of %s is reached",
				model.Count(w.Count-n, "more server"), w.Reason, model.Count(in.Spec.Max, "server")))
		}
	}
}

// surplus marks the empty servers that could go with every buffer still full and the minimum kept, those marked before
// first, so that the marks stay where they are.
func (d *Decision) surplus(in Input, c census) {
	marked := make(map[model.ServerID]time.Time)
	mark := func(servers []Server, dispensable func(Server) bool) {
		slices.SortFunc(servers, func(a, b Server) int {
			return cmp.Or(markedAt(in, a).Compare(markedAt(in, b)), oldestFirst(b, a))
		})
		for _, s := range servers {
			if s.Empty && c.living > in.Spec.Min && dispensable(s) {
				c.living--
				marked[s.ID] = markedAt(in, s)
			}
		}
	}
	spareSlots := c.free - d.Need
	mark(c.serving, func(s Server) bool {
		if s.FreeSlots > spareSlots {
			return false
		}
		spareSlots -= s.FreeSlots
		return true
	})
	spareWarm := len(c.warm) + c.coming - in.Spec.Ready
	mark(c.warm, func(Server) bool {
		spareWarm--
		return spareWarm >= 0
	})
	d.Surplus = marked
	for id, since := range marked {
		if in.Now.Sub(since) >= in.Spec.ScaleInAfter {
			d.Remove = append(d.Remove, id)
		}
	}
	slices.Sort(d.Remove)
}

func markedAt(in Input, s Server) time.Time {
	if t, ok := in.Surplus[s.ID]; ok {
		return t
	}
	return in.Now
}

func slotsReason(free int, in Input) string {
	r := fmt.Sprintf("%s, buffer %d", model.Count(free, "free session slot"), in.Spec.Open)
	if in.Waiting > in.Spec.Open {
		r += fmt.Sprintf(", %s waiting", model.Count(in.Waiting, "join"))
	}
	if in.Rehome > 0 {
		r += fmt.Sprintf(", %s to re-home", model.Count(in.Rehome, "session"))
	}
	return r
}
