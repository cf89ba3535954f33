package keeper

import (
	"context"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
)

// templates are a fleet's revisions as they were last read.
type templates struct {
	list       []model.FleetRevision // with defaults; the present one first
	generation model.Generation      // of the fleet's spec then
	createdAt  time.Time
}

// observeRevisions reads the fleet's templates. Those of a fleet whose servers are all of a template that is known to get
// ready are not read again until its spec changes.
func (k *Keeper) observeRevisions(ctx context.Context, f *fleet, spec model.Fleet) ([]model.FleetRevision, error) {
	if spec.Revision == 0 || spec.Deleted {
		return nil, nil
	}
	t := &f.templates
	if len(t.list) > 0 && t.generation == spec.Generation && t.createdAt.Equal(spec.CreatedAt) && f.upgraded {
		return t.list, nil
	}
	list, err := k.cfg.Revisions.ListRevisions(ctx, f.name)
	if err != nil {
		return nil, fmt.Errorf("list the revisions of fleet %s: %w", f.name, err)
	}
	for i := range list {
		list[i].Spec = list[i].Spec.WithDefaults()
	}
	*t = templates{list: list, generation: spec.Generation, createdAt: spec.CreatedAt}
	return list, nil
}

// upgradeSeen notes what a plan made of the fleet's templates.
func (f *fleet) upgradeSeen(p plan.Plan) {
	proved := len(f.templates.list) > 0 && !f.templates.list[0].ProvedAt.IsZero()
	f.upgraded = proved && p.Upgrade.Phase == ""
}

// of is the fleet as servers of one of its templates are started from it; 0, or a template that is not kept any more: the
// present one.
func (v *view) of(revision uint64) model.Fleet {
	return ofRevision(v.input.Fleet, v.input.Revisions, revision)
}

func ofRevision(f model.Fleet, revisions []model.FleetRevision, revision uint64) model.Fleet {
	i := slices.IndexFunc(revisions, func(r model.FleetRevision) bool { return r.Number == revision })
	if i < 0 || revision == f.Revision {
		return f
	}
	f.Revision, f.Spec = revision, f.Spec.WithTemplate(revisions[i].Spec.Template())
	return f
}

// revise notes what a plan found out about a template.
func (k *Keeper) revise(ctx context.Context, f *fleet, a plan.Action) error {
	f.upgraded = false // read again
	if a.Verb == plan.Prove {
		return k.cfg.Revisions.ProveRevision(ctx, f.name, a.Revision, k.cfg.Now())
	}
	return k.cfg.Revisions.StopRevision(ctx, f.name, a.Revision, a.Reason)
}

// Upgrade answers how far the fleet's upgrade was at the last plan; false for a fleet that is not kept here, or was not
// planned for yet.
func (k *Keeper) Upgrade(name model.FleetName) (plan.Upgrade, bool) {
	k.mu.Lock()
	f := k.fleets[name]
	k.mu.Unlock()
	if f == nil {
		return plan.Upgrade{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.upgrade, !f.plannedAt.IsZero()
}
