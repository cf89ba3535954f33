package api

import (
	"context"
	"maps"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/decide/scale"
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
	for _, a := range e.Answers {
		out.Answers = append(out.Answers, policyAnswer(a))
	}
	return out, nil
}

func policyAnswer(a scale.Answer) *greenroomv1.PolicyAnswer {
	return &greenroomv1.PolicyAnswer{
		Name: a.Name, Kind: a.Kind, Servers: uint32(a.Servers), FreeSessions: uint32(a.Free), ReadyServers: uint32(a.Ready),
		Decides: a.Decides, Reason: a.Reason, Holds: a.Holds, Numbers: maps.Clone(a.Numbers),
	}
}

// summary is what the keeper makes of a fleet, in a line: what it would like and may not, else that all is as wished and
// what it did last. The numbers stand beside it in the status.
func (a *API) summary(f model.Fleet) string {
	var parts []string
	if f.Deleted {
		parts = append(parts, "being deleted: its servers are drained first")
	}
	if e, ok := a.cfg.Keeper.Explain(f.Name); ok {
		parts = append(parts, e.Holds...)
		if len(parts) == 0 {
			parts = append(parts, "as wished")
		}
		if len(e.History) > 0 {
			parts = append(parts, "last "+e.History[0].Sentence)
		}
	}
	return strings.Join(parts, "; ")
}
