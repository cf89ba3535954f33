package api

import (
	"context"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

// ExplainFleet implements FleetService.
func (s fleets) ExplainFleet(ctx context.Context, r *greenroomv1.ExplainFleetRequest) (*greenroomv1.ExplainFleetResponse, error) {
	name := model.FleetName(r.GetName())
	if _, err := s.cfg.Store.GetFleet(ctx, name); err != nil {
		return nil, err
	}
	e, ok := s.cfg.Keeper.Explain(name)
	if !ok || e.PlannedAt.IsZero() {
		return &greenroomv1.ExplainFleetResponse{Fleet: r.GetName(), Facts: []string{"nothing has been planned for it yet; ask again in a second"}}, nil
	}
	out := &greenroomv1.ExplainFleetResponse{Fleet: r.GetName(), PlannedAt: convert.TimeProto(e.PlannedAt), Facts: e.Facts, Holds: e.Holds}
	for _, a := range e.Actions {
		out.Actions = append(out.Actions, &greenroomv1.PlannedAction{Verb: string(a.Verb), Server: string(a.Server), Reason: a.Reason, Result: a.Result})
	}
	return out, nil
}

// summary is a fleet's state in a line.
func (a *API) summary(f model.Fleet) string {
	var parts []string
	if f.Deleted {
		parts = append(parts, "being deleted: its servers are drained first")
	}
	if e, ok := a.cfg.Keeper.Explain(f.Name); ok {
		parts = append(append(parts, e.Facts...), e.Holds...)
	}
	return strings.Join(parts, "; ")
}
