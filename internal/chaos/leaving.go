package chaos

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// Rules of machines that go away.
const (
	NothingPlaced Rule = "I9 nothing new comes to a machine that goes away"
	ToldToRejoin  Rule = "I3 whoever cannot be moved from a machine that goes away is told to join again"
	NoticeKept    Rule = "I3 nobody is on a machine when it goes, if it said so in time"
	NoticedEmpty  Rule = "I4 a machine that goes away becomes empty"
)

const (
	// maxLeaving is how many machines may be going away or be gone at once, so that there is always one to start servers on.
	maxLeaving = 3
	// lastNotice is the notice of the last machine that goes, when there are no faults any more.
	lastNotice = 50 * time.Second
)

// leavings are the acts of those who take machines away.
func leavings() []trouble {
	return []trouble{
		{8 * time.Second, (*World).noticeBox},
		{15 * time.Second, (*World).noticeAgain},
		{15 * time.Second, (*World).takeNoticeBack},
	}
}

// machine is one, as the world has it: what was said of it, and whether it is there.
type machine struct {
	notice *model.NodeLeave // by the provider; nil: none
	serial uint64           // raised by every notice
	down   bool
}

func boxName(box int) string { return "box-" + strconv.Itoa(box) }

// asked is the operators' notice of a machine; nil: there is none.
func (d *disk) asked(box int) *model.NodeLeave {
	i := slices.IndexFunc(d.leaves, func(l model.NodeLeave) bool { return l.Node == boxName(box) })
	if i < 0 {
		return nil
	}
	return &d.leaves[i]
}

// leaves tells whether a machine goes away, or is gone.
func (m *machines) leaves(box int) bool {
	return m.boxes[box].down || m.boxes[box].notice != nil || m.w.disk.asked(box) != nil
}

func (w *World) leavingBoxes() (out []int) {
	for box := range boxes {
		if w.machines.leaves(box) && !w.machines.boxes[box].down {
			out = append(out, box)
		}
	}
	return out
}

// noticeBox has a machine go away: an operator or the provider says so, with a deadline or without.
func (w *World) noticeBox() {
	gone := 0
	for box := range boxes {
		if w.machines.leaves(box) {
			gone++
		}
	}
	box := w.loop.Rand.IntN(boxes)
	if gone >= maxLeaving || w.machines.leaves(box) {
		return
	}
	deadline := w.between(5*time.Second, 30*time.Second)
	if w.loop.Rand.IntN(4) == 0 {
		deadline = 0
	}
	w.notice(box, w.loop.Rand.IntN(2) == 0, deadline)
}

// notice says that a machine goes away after a time; 0: nobody knows when, and then only an operator may say it.
func (w *World) notice(box int, byProvider bool, deadline time.Duration) {
	m := &w.machines.boxes[box]
	m.serial++
	now := w.loop.Now()
	l := model.NodeLeave{Node: boxName(box), NoticedAt: now, Reason: "maintenance"}
	if deadline > 0 {
		l.DeadlineAt = now.Add(deadline)
		serial := m.serial
		inTime := w.closing
		w.loop.After(deadline, func() {
			if inTime && m.serial == serial {
				w.rules.left(box)
			}
			w.goes(box, serial)
		})
		if early := w.loop.Rand.IntN(4) == 0; early && !w.net.calm {
			w.loop.After(w.between(0, deadline), func() {
				if m.serial == serial && !m.down {
					w.cover(noticedBoxDied)
					w.goes(box, serial)
				}
			})
		}
	}
	w.cover(noticed)
	if w.moving(box) {
		w.cover(noticeMetHandOver)
	}
	w.note("notice", l.Node, fmt.Sprint(byProvider), uint64(deadline.Milliseconds()))
	if byProvider && deadline > 0 {
		m.notice = &l
		w.machines.renotice(box)
		return
	}
	w.disk.dropLeave(box)
	w.disk.leaves = append(w.disk.leaves, l)
}

// moving tells whether a session of a machine is on its way from or to it.
func (w *World) moving(box int) bool {
	for _, s := range w.machines.running() {
		if s.box == box && slices.ContainsFunc(s.list, func(r *room) bool { return r.frozen || r.opening }) {
			return true
		}
	}
	return false
}

// noticeAgain gives a machine another deadline.
func (w *World) noticeAgain() {
	if all := w.leavingBoxes(); len(all) > 0 {
		w.cover(noticedAgain)
		w.notice(all[w.loop.Rand.IntN(len(all))], false, w.between(5*time.Second, 30*time.Second))
	}
}

// takeNoticeBack has a machine stay.
func (w *World) takeNoticeBack() {
	if all := w.leavingBoxes(); len(all) > 0 {
		w.cover(noticeTakenBack)
		w.stays(all[w.loop.Rand.IntN(len(all))])
	}
}

// stays takes back what was said of a machine.
func (w *World) stays(box int) {
	m := &w.machines.boxes[box]
	m.serial++
	m.notice, m.down = nil, false
	w.note("stays", boxName(box), "", 0)
	w.disk.dropLeave(box)
	w.machines.renotice(box)
}

// goes is the end of a machine whose time has come. Another one of its name comes later.
func (w *World) goes(box int, serial uint64) {
	m := &w.machines.boxes[box]
	if m.serial != serial || m.down {
		return
	}
	w.note("goes", boxName(box), "", 0)
	m.down = true
	w.loseBox(box, w.loop.Rand.IntN(2) == 0)
	w.loop.After(w.between(5*time.Second, 15*time.Second), func() {
		if m.serial == serial {
			w.stays(box)
		}
	})
}

// endLeaving has one more machine go, at a time without faults.
func (w *World) endLeaving() {
	for box := range boxes {
		if !w.machines.leaves(box) {
			w.notice(box, true, lastNotice)
			return
		}
	}
}

func (d *disk) dropLeave(box int) {
	d.leaves = slices.DeleteFunc(slices.Clone(d.leaves), func(l model.NodeLeave) bool { return l.Node == boxName(box) })
}

// renotice has the provider say of a machine's servers what it says of the machine.
func (m *machines) renotice(box int) {
	for _, s := range m.order {
		if s.box == box {
			s.instance.Leave = m.boxes[box].notice
		}
	}
	m.listing = nil
}

// place chooses the machine for a server: the one with the fewest of those that do not go away.
func (m *machines) place(leaving []string) int {
	least := -1
	for box, n := range m.load {
		if b := &m.boxes[box]; b.down || b.notice != nil || slices.Contains(leaving, boxName(box)) {
			continue
		}
		if least < 0 || n < m.load[least] {
			least = box
		}
	}
	return max(0, least)
}

// leaves answers operators' notices to a keeper.
func (k *warden) leaves() func(context.Context) ([]model.NodeLeave, error) {
	if !k.w.changing(leaving) {
		return nil
	}
	from := specs{from: k.node, at: k.w.disk}
	return func(context.Context) ([]model.NodeLeave, error) {
		return fromDisk(from, func() ([]model.NodeLeave, error) {
			if k.w.has(DeafNotice) {
				return nil, nil
			}
			return k.w.disk.leaves, nil
		})
	}
}

// starts looks at a start that was decided in a tick which began at asked.
func (r *rules) starts(from *node, asked time.Time, start *provider.Start) {
	for _, l := range r.w.disk.leaves {
		if l.NoticedAt.Before(asked) && !slices.Contains(start.Leaving, l.Node) {
			r.broke(NothingPlaced, "%s has server %s started wherever it may be, in a tick that began %s after the notice that %s goes away",
				from.name, start.ID, asked.Sub(l.NoticedAt), l.Node)
		}
	}
}

// left looks at a machine that goes at a deadline of which everybody could know in time.
func (r *rules) left(box int) {
	for _, s := range r.w.machines.running() {
		if n := s.players(); s.box == box && n > 0 {
			r.broke(NoticeKept, "%s goes at its deadline with %d players on server %s", boxName(box), n, s.instance.ID)
		}
	}
}

// dismissed notes a session that was ended because its machine goes away.
func (r *rules) dismissed(x *model.Session) {
	r.w.cover(sessionDismissed)
	if r.rejoin == nil {
		r.rejoin = map[model.SessionRef]model.Generation{}
	}
	r.rejoin[x.SessionRef] = x.Generation
}

// sentOff looks at what the players of a session are told that their server closes.
func (r *rules) sentOff(at *room, to *handover.Redirect, why string) {
	if gen := r.rejoin[at.ref]; to == nil && len(at.seats) > 0 && gen == at.gen {
		r.broke(ToldToRejoin, "%d players of %s on server %s are told that it is over (%s); their machine goes away",
			len(at.seats), at.ref, at.server.instance.ID, why)
	}
}

// restlessMachines tells which machines that go away are not empty.
func (w *World) restlessMachines(add complain) {
	for _, s := range w.machines.running() {
		if w.machines.leaves(s.box) {
			add(NoticedEmpty, "server %s is on %s, which goes away", s.instance.ID, boxName(s.box))
		}
	}
	for box := range boxes {
		if m := &w.machines.boxes[box]; m.notice != nil && !m.down {
			add(NoticedEmpty, "%s has not gone yet", boxName(box))
		}
	}
}

// badEngine is the planted bug of what a keeper says when it starts a server.
type badEngine struct{ provider.Provider }

// Start implements provider.Provider.
func (b badEngine) Start(ctx context.Context, start provider.Start) (provider.Instance, error) {
	start.Leaving = nil
	return b.Provider.Start(ctx, start)
}
