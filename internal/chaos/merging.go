package chaos

import (
	"context"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
)

// Rules of consolidation.
const (
	MergeEndsNone  Rule = "I3 consolidation ends no session"
	MergeInWindows Rule = "I3 nothing is consolidated outside of its windows"
)

const (
	// mergeWindow is how long after each full minute fleets with windows may be consolidated.
	mergeWindow = 30 * time.Second
	// mergeDeadline is the deadline of these fleets' drains: within a quarter of it a server must be emptied at the fleet's pace.
	mergeDeadline = 30 * time.Second
	// nightMin is how many servers fleets keep that are consolidated.
	nightMin = 4
)

// mergings are the acts that make consolidation begin and be taken back: the world's nights, and operators who want more.
func mergings() []trouble {
	return []trouble{
		{12 * time.Second, (*World).nightfall},
		{8 * time.Second, (*World).wantMore},
	}
}

// consolidate has some fleets give servers up whose sessions fit on the others.
func (w *World) consolidate() {
	r := w.loop.Rand
	for i := range w.disk.fleets {
		if i > 0 && r.IntN(3) == 0 {
			continue
		}
		c := &model.Consolidation{Below: 0.95, After: w.between(200*time.Millisecond, 2*time.Second), MaxMovesPerMinute: 8 + r.IntN(32), MinStay: time.Second}
		if r.IntN(2) == 0 {
			c.Windows = []model.Window{{Cron: "* * * * *", Duration: mergeWindow}}
		}
		f := &w.disk.fleets[i]
		f.Spec.Scaling.Consolidation = c
		f.Spec.Scaling.Policies = []model.Policy{{Name: "some", Buffer: &model.BufferPolicy{FreeSessions: f.Spec.Capacity.Sessions}}}
		f.Spec.Open = f.Spec.Capacity.Sessions
		f.Spec.ScaleInAfter = 5 * time.Second
		f.Spec.Drain.Deadline = mergeDeadline
	}
	w.loop.After(calmStart, func() {
		for _, f := range w.disk.fleets {
			if f.Spec.Scaling.Consolidation != nil {
				f.Spec.Min = nightMin
				w.disk.putFleet(f)
			}
		}
	})
}

// nightfall has most players go, and come back in the morning, all at once.
func (w *World) nightfall() {
	if w.loop.Now().Before(w.dawn) {
		return
	}
	w.cover(nightFell)
	w.dawn = w.loop.Now().Add(w.between(12*time.Second, 30*time.Second))
	w.note("night", "", "", 0)
	for _, c := range w.clients {
		if c.phase == inside && w.loop.Rand.IntN(8) > 0 {
			turn := *c.turn
			w.loop.After(w.between(0, 5*time.Second), func() {
				if *c.turn == turn && c.leavesNow() {
					c.leave()
				}
			})
		}
	}
}

// asleep is how long a player who goes now does not think of coming back.
func (w *World) asleep() time.Duration {
	if left := w.dawn.Sub(w.loop.Now()); left > 0 && !w.closing && w.loop.Rand.IntN(8) > 0 {
		return left
	}
	return 0
}

// wantMore has an operator ask for more free slots for a while, where something is being given up if it is anywhere.
func (w *World) wantMore() {
	f := w.someFleet()
	servers, _ := w.registry.ListServers(background, "")
	if i := slices.IndexFunc(servers, merges); i >= 0 {
		f = w.disk.fleet(servers[i].Fleet)
	}
	if w.loop.Rand.IntN(2) == 0 { // and while servers do not hear of it
		w.bend(w.somebody(aServer), matcher{kind: aHub}, episode{cut: true}, w.between(500*time.Millisecond, 6*time.Second))
	}
	more := 2 * f.Spec.Capacity.Sessions
	f.Spec.Open += more
	w.cover(moreWanted)
	w.note("want more", string(f.Name), "", uint64(f.Spec.Open))
	w.disk.putFleet(f)
	w.loop.After(w.between(2*time.Second, 10*time.Second), func() {
		f := w.disk.fleet(f.Name)
		f.Spec.Open = max(f.Spec.Capacity.Sessions, f.Spec.Open-more)
		w.disk.putFleet(f)
	})
}

// merges tells whether a server is being emptied for consolidation.
func merges(s model.Server) bool {
	return s.State == model.ServerDraining && s.Drain != nil && s.Drain.Cause == model.DrainConsolidation
}

// mergeDrains looks at a server that a keeper begins to empty for consolidation, in a tick that began at asked.
func (r *rules) mergeDrains(from *node, asked time.Time, s *model.Server) {
	w := r.w
	w.cover(mergeBegan)
	c := w.disk.fleet(s.Fleet).Spec.Scaling.Consolidation
	if c == nil || len(c.Windows) == 0 {
		return
	}
	earliest, latest := asked.Add(-2*maxSkew), w.loop.Now().Add(2*maxSkew)
	minute := earliest.Truncate(time.Minute)
	if !earliest.Before(minute.Add(mergeWindow)) && latest.Before(minute.Add(time.Minute)) {
		r.broke(MergeInWindows, "%s empties server %s (%s) at %s, outside of the window", from.name, s.ID, s.Drain.Reason, w.loop.Now().Format("15:04:05"))
	}
}

// mergeBack notes that a server which was being emptied for consolidation serves again.
func (r *rules) mergeBack() {
	w := r.w
	w.cover(mergeTakenBack)
	if slices.ContainsFunc(w.net.episodes, func(e *episode) bool {
		return e.cut && (e.from.kind == aRegistry || e.to.kind == aRegistry || e.from.kind == aHub || e.to.kind == aHub)
	}) {
		w.cover(takeBackMetPartition)
	}
}

// mergeable is a planted bug: specs that say of no fleet when it may be consolidated.
type mergeable struct{ specs }

var _ keeper.Fleets = mergeable{}

// ListFleets implements keeper.Fleets.
func (m mergeable) ListFleets(ctx context.Context) ([]model.Fleet, error) {
	list, err := m.specs.ListFleets(ctx)
	list = slices.Clone(list)
	for i := range list {
		if c := list[i].Spec.Scaling.Consolidation; c != nil {
			always := *c
			always.Windows = nil
			list[i].Spec.Scaling.Consolidation = &always
		}
	}
	return list, err
}
