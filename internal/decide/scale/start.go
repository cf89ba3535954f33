package scale

import (
	"fmt"

	"greenroom.dev/greenroom/internal/model"
)

// open takes warm servers, oldest first, until what is wanted free is, and as many serve as policies want.
func (d *Decision) open(in *Input, x *weighing) {
	c := x.census
	serving := len(c.serving)
	wanted := x.wantServers() - x.wantReady() // of these the ready buffer stays ready
	if len(c.warm) == 0 || c.free >= d.Need && serving >= wanted {
		return
	}
	d.OpenReason = x.slotsReason(d.Free)
	if c.free >= d.Need {
		d.OpenReason = x.serversReason(serving, "open server")
	}
	oldestFirst(in.Servers, c.warm)
	for len(c.warm) > 0 && (c.free < d.Need || serving < wanted) {
		s := &in.Servers[c.warm[0]]
		c.warm = c.warm[1:]
		c.free += s.FreeSlots
		serving++
		d.Opens = append(d.Opens, s.ID)
	}
}

// start asks for what the warm servers could not fill: free slots, then the ready buffer, then the number of servers
// that policies want, then the minimum. Servers that are coming are counted in the same order.
func (d *Decision) start(in *Input, x *weighing) {
	c := x.census
	slots := max(1, in.Spec.Capacity.Sessions)
	lack := (max(0, d.Need-c.free) + slots - 1) / slots
	forSlots := max(0, lack-c.coming)
	spare := max(0, c.coming-lack)
	forReady := max(0, x.wantReady()-len(c.warm)-spare)
	usable := c.coming + len(c.warm) + len(c.serving) + len(d.Opens)
	forServers := max(0, x.wantServers()-usable-forSlots-forReady)
	forMin := max(0, in.Spec.Min-c.living-forSlots-forReady-forServers)
	if forSlots+forReady+forServers+forMin == 0 {
		return
	}
	l := x.startLimit()
	d.want(l, forSlots, func() string { return x.slotsReason(d.Free) })
	d.want(l, forReady, func() string { return x.readyReason(len(c.warm) + spare) })
	d.want(l, forServers, func() string { return x.serversReason(usable, "server") })
	d.want(l, forMin, func() string {
		return fmt.Sprintf("%s, minimum %d", model.Count(c.living+forSlots+forReady+forServers, "server"), in.Spec.Min)
	})
}

// limit is how many more servers may be started now.
type limit struct {
	room, maximum int // by the fleet's maximum
	rate, minute  int // by its limit for a minute; minute 0: none
}

func (x *weighing) startLimit() *limit {
	spec := &x.in.Spec
	l := &limit{room: max(0, spec.Max-x.in.Kept-len(x.in.Servers)), maximum: spec.Max, minute: spec.Scaling.MaxStartsPerMinute}
	l.rate = l.minute - x.before.starts.count(x.in.Now)
	return l
}

// want adds the start of n servers as far as the limit lets them, and holds the rest.
func (d *Decision) want(l *limit, n int, reason func() string) {
	if n == 0 {
		return
	}
	why := reason()
	allowed := min(n, l.room)
	held := n - allowed
	d.Over += held
	if held > 0 {
		d.Holds = append(d.Holds, fmt.Sprintf("would start %s (%s): the maximum of %s is reached",
			model.Count(held, "more server"), why, model.Count(l.maximum, "server")))
	}
	if l.minute > 0 && allowed > max(0, l.rate) {
		d.Holds = append(d.Holds, fmt.Sprintf("would start %s (%s): at most %s a minute",
			model.Count(allowed-max(0, l.rate), "more server"), why, model.Count(l.minute, "start")))
		d.Later += allowed - max(0, l.rate)
		allowed = max(0, l.rate)
	}
	l.room -= allowed
	l.rate -= allowed
	if allowed > 0 {
		d.Starts = append(d.Starts, Start{allowed, why})
	}
}

// slotsReason says why more slots are wanted.
func (x *weighing) slotsReason(free int) string {
	in := x.in
	r := model.Count(free, "free session slot")
	if a := x.decider(x.free); a == nil || a.Kind == "" {
		r += fmt.Sprintf(", buffer %d", in.Spec.Open)
	} else {
		r += fmt.Sprintf(", %s wants %d: %s", a.Name, a.Free, a.Reason)
	}
	if in.Waiting > in.Spec.Open {
		r += fmt.Sprintf(", %s waiting", model.Count(in.Waiting, "join"))
	}
	if in.Rehome > 0 {
		r += fmt.Sprintf(", %s to re-home", model.Count(in.Rehome, "session"))
	}
	return r
}

func (x *weighing) readyReason(ready int) string {
	has := model.Count(ready, "ready server")
	if a := x.decider(x.ready); a != nil && a.Kind != "" {
		return fmt.Sprintf("%s, %s wants %d: %s", has, a.Name, a.Ready, a.Reason)
	}
	return fmt.Sprintf("%s, buffer %d", has, x.in.Spec.Ready)
}

func (x *weighing) serversReason(n int, noun string) string {
	a := x.decider(x.servers)
	return fmt.Sprintf("%s, %s wants %d: %s", model.Count(n, noun), a.Name, a.Servers, a.Reason)
}

func (x *weighing) decider(i int) *Answer {
	if i < 0 {
		return nil
	}
	return &x.answers[i]
}
