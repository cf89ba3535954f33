package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// amendTries bounds how often a change of a fleet is made again because somebody else changed the fleet meanwhile.
const amendTries = 5

// ListRevisions implements FleetService.
func (s fleets) ListRevisions(ctx context.Context, r *greenroomv1.ListRevisionsRequest) (*greenroomv1.ListRevisionsResponse, error) {
	f, err := s.cfg.Store.GetFleet(ctx, model.FleetName(r.GetFleet()))
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Store.ListRevisions(ctx, f.Name)
	if err != nil {
		return nil, err
	}
	servers, err := s.cfg.Registry.ListServers(ctx, f.Name)
	if err != nil {
		return nil, err
	}
	living := map[uint64]uint32{}
	for i := range servers {
		if !servers[i].State.Terminal() {
			living[servers[i].TemplateNumber()]++
		}
	}
	out := &greenroomv1.ListRevisionsResponse{}
	for _, r := range list {
		p := convert.RevisionProto(r)
		p.Servers, p.Current = living[r.Number], r.Number == f.Revision
		out.Revisions = append(out.Revisions, p)
	}
	return out, nil
}

// PauseUpgrade implements FleetService.
func (s fleets) PauseUpgrade(ctx context.Context, r *greenroomv1.PauseUpgradeRequest) (*greenroomv1.PauseUpgradeResponse, error) {
	fleet, err := s.amend(ctx, r.GetFleet(), "pause upgrade", func(f *model.Fleet) (string, error) {
		f.Spec.Upgrade.Paused = true
		return fmt.Sprintf("to revision %d", f.Revision), nil
	})
	return &greenroomv1.PauseUpgradeResponse{Fleet: fleet}, err
}

// ResumeUpgrade implements FleetService.
func (s fleets) ResumeUpgrade(ctx context.Context, r *greenroomv1.ResumeUpgradeRequest) (*greenroomv1.ResumeUpgradeResponse, error) {
	fleet, err := s.amend(ctx, r.GetFleet(), "resume upgrade", func(f *model.Fleet) (string, error) {
		f.Spec.Upgrade.Paused = false
		return fmt.Sprintf("to revision %d", f.Revision), s.tryAnew(ctx, f)
	})
	return &greenroomv1.ResumeUpgradeResponse{Fleet: fleet}, err
}

// tryAnew takes back that the upgrade to a fleet's template stopped by itself.
func (s fleets) tryAnew(ctx context.Context, f *model.Fleet) error {
	list, err := s.cfg.Store.ListRevisions(ctx, f.Name)
	if err != nil || len(list) == 0 || list[0].Stopped == "" {
		return err
	}
	if err := s.cfg.Store.StopRevision(ctx, f.Name, f.Revision, ""); err != nil {
		return err
	}
	s.audit(ctx, actorOf(ctx), "retry upgrade", string(f.Name), fmt.Sprintf("revision %d, which stopped: %s", f.Revision, list[0].Stopped))
	return nil
}

// UndoUpgrade implements FleetService.
func (s fleets) UndoUpgrade(ctx context.Context, r *greenroomv1.UndoUpgradeRequest) (*greenroomv1.UndoUpgradeResponse, error) {
	fleet, err := s.amend(ctx, r.GetFleet(), "undo upgrade", func(f *model.Fleet) (string, error) {
		list, err := s.cfg.Store.ListRevisions(ctx, f.Name)
		if err != nil {
			return "", err
		}
		to, err := undoTo(f, list, r.GetRevision())
		if err != nil {
			return "", err
		}
		f.Spec = f.Spec.WithTemplate(to.Spec.Template())
		f.Spec.Upgrade.Paused = false
		if err := s.cfg.Provider.Check(f.Spec.WithDefaults()); err != nil {
			return "", connect.Errorf(connect.CodeFailedPrecondition, "revision %d of fleet %s cannot be used any more: %v", to.Number, f.Name, err)
		}
		return fmt.Sprintf("from revision %d to %d", f.Revision, to.Number), nil
	})
	return &greenroomv1.UndoUpgradeResponse{Fleet: fleet}, err
}

// undoTo is the template an undo goes to: that of the number, which 0 leaves to plan.UndoTo.
func undoTo(f *model.Fleet, list []model.FleetRevision, number uint64) (model.FleetRevision, error) {
	if number == 0 {
		if to, ok := plan.UndoTo(f.Revision, list); ok {
			return to, nil
		}
		return model.FleetRevision{}, connect.Errorf(connect.CodeFailedPrecondition,
			"fleet %s has no other revision of which a server was ready: name one, or apply the fleet as it shall be", f.Name)
	}
	if number == f.Revision {
		return model.FleetRevision{}, connect.Errorf(connect.CodeFailedPrecondition, "revision %d is what fleet %s has already", number, f.Name)
	}
	i := slices.IndexFunc(list, func(r model.FleetRevision) bool { return r.Number == number })
	if i < 0 {
		return model.FleetRevision{}, connect.Errorf(connect.CodeFailedPrecondition,
			"fleet %s has no revision %d; ListRevisions says which ones it has", f.Name, number)
	}
	return list[i], nil
}

// amend applies a fleet again with something changed, and again if somebody else changed it first; change says what it did.
func (s fleets) amend(ctx context.Context, name, action string, change func(*model.Fleet) (string, error)) (*greenroomv1.Fleet, error) {
	for try := 1; ; try++ {
		f, err := s.cfg.Store.GetFleet(ctx, model.FleetName(name))
		if err != nil {
			return nil, err
		}
		switch {
		case f.Deleted:
			return nil, connect.Errorf(connect.CodeFailedPrecondition, "fleet %s is being deleted", f.Name)
		case f.Spec.Static != nil:
			return nil, connect.Errorf(connect.CodeFailedPrecondition,
				"fleet %s is at fixed addresses: Greenroom does not start its servers, so it cannot replace them", f.Name)
		}
		detail, err := change(&f)
		if err != nil {
			return nil, err
		}
		applied, err := s.cfg.Store.ApplyAll(ctx, store.Objects{Fleets: []model.Fleet{f}}, false, s.cfg.Now())
		if errors.Is(err, store.ErrConflict) && try < amendTries {
			continue
		}
		if err != nil {
			return nil, err
		}
		one := applied.Fleets[0]
		if one.Outcome != store.Unchanged {
			s.audit(ctx, actorOf(ctx), action, name, fmt.Sprintf("%s, generation %d", detail, one.Generation))
		}
		if err := s.cfg.Specs.Refresh(ctx); err != nil {
			return nil, err
		}
		return s.fleet(one.Fleet), nil
	}
}

// upgrade is how far a fleet's upgrade is; nil for none.
func (a *API) upgrade(f model.Fleet) *greenroomv1.UpgradeStatus {
	if f.Deleted || f.Spec.Static != nil {
		return nil
	}
	u, known := a.cfg.Keeper.Upgrade(f.Name)
	switch {
	case !known:
		return nil
	case u.Revision != f.Revision: // it was applied a moment ago
		return &greenroomv1.UpgradeStatus{Revision: f.Revision, Phase: string(plan.UpgradeRunning), Sentence: "nothing was planned for it yet"}
	case u.Phase == "":
		return nil
	}
	out := &greenroomv1.UpgradeStatus{
		Revision: u.Revision, Phase: string(u.Phase), Sentence: u.Sentence,
		Updated: uint32(u.Updated), Coming: uint32(u.Coming), Old: uint32(u.Old), Draining: uint32(u.Draining),
		SessionsLeft: uint32(u.Sessions), PlayersLeft: uint32(u.Players),
	}
	if !u.StartedAt.IsZero() {
		out.StartedAt = convert.TimeProto(u.StartedAt)
	}
	return out
}
