package chaos

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	keep "greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// Rules of upgrades.
const (
	UpgradeTried Rule = "I3 no session moves for a template of which no server was ready"
	UpgradeHeld  Rule = "I3 a paused upgrade drains nothing"
	UpgradesEnd  Rule = "I4 every upgrade is complete, stopped or undone"
)

// build is what the servers of a template are like.
type build string

// Builds.
const (
	sound    build = "sound"
	stuck    build = "stuck"    // it never gets ready
	crashing build = "crashing" // it gets ready, and soon ends
)

// templateOf is the template of a build; number tells it from the others.
func templateOf(b build, number int) *model.ProcessSpec {
	return &model.ProcessSpec{Command: []string{"room", strconv.Itoa(number), string(b)}}
}

func buildOf(spec *model.FleetSpec) build {
	if spec.Process == nil || len(spec.Process.Command) == 0 {
		return sound
	}
	return build(spec.Process.Command[2])
}

// upgrading are the acts of those who upgrade fleets.
func upgrading() []trouble {
	return []trouble{
		{12 * time.Second, (*World).upgrade},
		{15 * time.Second, (*World).pauseUpgrade},
		{10 * time.Second, (*World).resumeUpgrade},
		{25 * time.Second, (*World).undoUpgrade},
	}
}

// upgrade gives a fleet another template; now and then one that is no good.
func (w *World) upgrade() {
	f := w.someFleet()
	b := sound
	switch w.loop.Rand.IntN(8) {
	case 0:
		b = stuck
	case 1:
		b = crashing
	}
	w.disk.builds++
	f.Spec.Process = templateOf(b, w.disk.builds)
	f.Spec.Upgrade.Surge = []string{"25%", "2", "50%"}[w.loop.Rand.IntN(3)]
	w.cover(upgradeBegan)
	w.note("upgrade", string(f.Name), string(b), uint64(w.disk.builds))
	w.disk.putFleet(f)
}

// amendUpgrade changes the first fleet, from a random one on, that change says it changed.
func (w *World) amendUpgrade(what string, met situation, change func(*model.Fleet) bool) {
	n := len(w.disk.fleets)
	for i, first := 0, w.loop.Rand.IntN(n); i < n; i++ {
		if f := w.disk.fleets[(first+i)%n]; change(&f) {
			w.cover(met)
			w.note(what, string(f.Name), "", f.Revision)
			w.disk.putFleet(f)
			return
		}
	}
}

func (w *World) pauseUpgrade() {
	w.amendUpgrade("pause upgrade", upgradePaused, func(f *model.Fleet) bool {
		asked := !f.Spec.Upgrade.Paused && len(w.disk.revisions[f.Name]) > 1
		f.Spec.Upgrade.Paused = true
		return asked
	})
}

// resumeUpgrade has an upgrade go on that was paused, or stopped by itself.
func (w *World) resumeUpgrade() {
	w.amendUpgrade("resume upgrade", upgradeResumed, func(f *model.Fleet) bool {
		r := w.disk.revisionOf(f.Name, f.Revision)
		asked := f.Spec.Upgrade.Paused || r.Stopped != ""
		r.Stopped, f.Spec.Upgrade.Paused = "", false
		return asked
	})
}

// undoUpgrade goes back to the template that was used last of those that are known to get ready, and to stay.
func (w *World) undoUpgrade() {
	w.amendUpgrade("undo upgrade", upgradeUndone, func(f *model.Fleet) bool {
		to, ok := keep.UndoTo(f.Revision, w.disk.listRevisions(f.Name))
		if !ok || to.Stopped != "" {
			return false
		}
		f.Spec = f.Spec.WithTemplate(to.Spec.Template())
		f.Spec.Upgrade.Paused = false
		return true
	})
}

// endUpgrades has every paused upgrade go on, and gives fleets that had a build which crashes one that does not.
func (w *World) endUpgrades() {
	for _, f := range w.disk.fleets {
		f.Spec.Upgrade.Paused = false
		if slices.ContainsFunc(w.disk.revisions[f.Name], func(r model.FleetRevision) bool { return buildOf(&r.Spec) == crashing }) {
			w.disk.builds++
			f.Spec.Process = templateOf(sound, w.disk.builds)
		}
		w.disk.putFleet(f)
	}
}

// beingUpgraded tells whether servers of another template than the fleet's are running.
func (w *World) beingUpgraded(name model.FleetName) bool {
	f := w.disk.fleet(name)
	return w.changing(upgrades) && slices.ContainsFunc(w.machines.order, func(s *server) bool {
		return s.instance.Running && s.instance.Fleet == name && s.instance.Revision != f.Revision
	})
}

// revisionOf is a fleet's template, to be changed.
func (d *disk) revisionOf(name model.FleetName, number uint64) *model.FleetRevision {
	list := d.revisions[name]
	return &list[slices.IndexFunc(list, func(r model.FleetRevision) bool { return r.Number == number })]
}

// revise numbers the template of a fleet that is written, and keeps it, as the real store does.
func (d *disk) revise(f *model.Fleet) {
	if d.revisions == nil {
		return
	}
	now := d.w.loop.Now()
	list := d.revisions[f.Name]
	at := slices.IndexFunc(list, func(r model.FleetRevision) bool { return sameTemplate(&r.Spec, &f.Spec) })
	switch {
	case at < 0:
		f.Revision = uint64(len(list) + 1)
		list = append(list, model.FleetRevision{Fleet: f.Name, Number: f.Revision, CreatedAt: now, UsedAt: now, Spec: f.Spec})
	case list[at].Number != f.Revision:
		f.Revision = list[at].Number
		list[at].UsedAt, list[at].Stopped, list[at].Spec = now, "", f.Spec
	default:
		list[at].Spec = f.Spec
	}
	d.revisions[f.Name] = list
	switch _, was := d.paused[f.Name]; {
	case !f.Spec.Upgrade.Paused:
		delete(d.paused, f.Name)
	case !was:
		d.paused[f.Name] = now
	}
}

func sameTemplate(a, b *model.FleetSpec) bool {
	return a.Process == b.Process || a.Process != nil && b.Process != nil && slices.Equal(a.Process.Command, b.Process.Command)
}

// listRevisions are a fleet's templates: the present one, then those used last.
func (d *disk) listRevisions(name model.FleetName) []model.FleetRevision {
	out := slices.Clone(d.revisions[name])
	present := d.fleet(name).Revision
	slices.SortFunc(out, func(a, b model.FleetRevision) int {
		switch {
		case a.Number == present:
			return -1
		case b.Number == present:
			return 1
		}
		return cmp.Or(b.UsedAt.Compare(a.UsedAt), cmp.Compare(b.Number, a.Number))
	})
	return out
}

// templates is what a keeper reaches of the fleets' templates, with the bugs that are planted there.
func (k *warden) templates() store.Revisions {
	if !k.w.changing(upgrades) {
		return nil
	}
	return templates{specs{from: k.node, at: k.w.disk}}
}

type templates struct{ specs }

// ListRevisions implements store.Revisions.
func (t templates) ListRevisions(_ context.Context, name model.FleetName) ([]model.FleetRevision, error) {
	return fromDisk(t.specs, func() ([]model.FleetRevision, error) {
		return t.at.listRevisions(name), nil
	})
}

// ProveRevision implements store.Revisions.
func (t templates) ProveRevision(_ context.Context, name model.FleetName, revision uint64, now time.Time) error {
	return t.revise(name, revision, func(r *model.FleetRevision) {
		if r.ProvedAt.IsZero() {
			r.ProvedAt = now
		}
	})
}

// StopRevision implements store.Revisions.
func (t templates) StopRevision(_ context.Context, name model.FleetName, revision uint64, why string) error {
	return t.revise(name, revision, func(r *model.FleetRevision) {
		if t.at.w.has(LostHalt) {
			return
		}
		r.Stopped = why
		t.at.w.cover(upgradeStopped)
		t.at.w.note("upgrade stopped", string(name), why, revision)
	})
}

func (t templates) revise(name model.FleetName, revision uint64, do func(*model.FleetRevision)) error {
	_, err := fromDisk(t.specs, func() (struct{}, error) {
		do(t.at.revisionOf(name, revision))
		return struct{}{}, nil
	})
	return err
}

// upgradeDrains looks at a drain that a keeper begins for an upgrade, in a tick that began at asked.
func (r *rules) upgradeDrains(from *node, asked time.Time, after *model.Server) {
	w := r.w
	var to, of uint64
	if n, err := fmt.Sscanf(after.Drain.Reason, "revision %d replaces revision %d", &to, &of); n != 2 {
		r.broke(UpgradeTried, "server %s is drained for an upgrade that says no templates: %q (%v)", after.ID, after.Drain.Reason, err)
		return
	}
	w.cover(upgradeDrained)
	if after.Sessions > 0 && !r.greeted[template{after.Fleet, to}] { // an empty one may make room below the maximum
		r.broke(UpgradeTried, "%s drains server %s for revision %d, of which no server ever said hello", from.name, after.ID, to)
	}
	if since, paused := w.disk.paused[after.Fleet]; paused && since.Before(asked) {
		r.broke(UpgradeHeld, "%s drains server %s for revision %d in a tick that began %s after the upgrade was paused", from.name, after.ID, to, asked.Sub(since))
	}
}

// template is one of a fleet's.
type template struct {
	fleet  model.FleetName
	number uint64
}

// greets notes that a server got ready: the control plane heard its hello, whether the answer reaches it or not.
func (r *rules) greets(s *server) {
	if r.greeted != nil && s != nil {
		r.greeted[template{s.instance.Fleet, s.instance.Revision}] = true
	}
}

// restlessUpgrades tells which upgrades have not come to an end.
func (w *World) restlessUpgrades(servers []model.Server, add complain) {
	if !w.changing(upgrades) {
		return
	}
	for _, f := range w.disk.fleets {
		if w.disk.revisionOf(f.Name, f.Revision).Stopped != "" {
			continue
		}
		for i := range servers {
			if s := &servers[i]; s.Fleet == f.Name && s.State == model.ServerOpen && s.TemplateNumber() != f.Revision {
				add(UpgradesEnd, "server %s is of revision %d, and fleet %s has %d (%s) since %s",
					s.ID, s.TemplateNumber(), f.Name, f.Revision, buildOf(&f.Spec), w.loop.Now().Sub(w.disk.revisionOf(f.Name, f.Revision).UsedAt))
			}
		}
	}
}

// keepTemplates has the disk number the fleets' templates.
func (d *disk) keepTemplates() {
	d.revisions, d.paused = map[model.FleetName][]model.FleetRevision{}, map[model.FleetName]time.Time{}
	for _, f := range d.fleets {
		d.revisions[f.Name] = []model.FleetRevision{{Fleet: f.Name, Number: f.Revision, CreatedAt: begins, UsedAt: begins, Spec: f.Spec}}
	}
}

// drainChanged looks at what a change of a server's state means for its drain.
func (r *rules) drainChanged(from *node, asked time.Time, before, after *model.Server) {
	begins := after.State == model.ServerDraining && before.State != model.ServerDraining
	back := before.State == model.ServerDraining && after.State == model.ServerOpen
	switch {
	case begins && after.Drain.Cause == model.DrainUpgrade:
		r.upgradeDrains(from, asked, after)
	case begins && after.Drain.Cause == model.DrainConsolidation:
		r.mergeDrains(from, asked, after)
	case back && before.Drain != nil && before.Drain.Cause == model.DrainConsolidation:
		r.mergeBack()
	case after.State == model.ServerEmpty && before.Drain != nil && before.Drain.Cause == model.DrainConsolidation:
		r.w.cover(serverFreed)
	case back && before.Drain != nil && before.Drain.Cause == model.DrainUpgrade:
		r.w.cover(upgradeTookBack)
	}
}

// specs is the disk as the keeper reaches it, with the bugs that are planted there.
func (k *warden) specs() keeper.Fleets {
	s := specs{from: k.node, at: k.w.disk}
	switch {
	case k.w.has(DeafPause):
		return unpaused{s}
	case k.w.has(DeafWindow):
		return mergeable{s}
	}
	return s
}

// unpaused is a planted bug: specs that say of no upgrade that it is paused.
type unpaused struct{ specs }

// ListFleets implements keeper.Fleets.
func (u unpaused) ListFleets(ctx context.Context) ([]model.Fleet, error) {
	list, err := u.specs.ListFleets(ctx)
	list = slices.Clone(list)
	for i := range list {
		list[i].Spec.Upgrade.Paused = false
	}
	return list, err
}
