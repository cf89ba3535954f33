package api

import (
	"context"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
)

// defaultDecisions is the number of decisions when the request does not say.
const defaultDecisions = 100

// ListDecisions implements FleetService.
func (s fleets) ListDecisions(ctx context.Context, r *greenroomv1.ListDecisionsRequest) (*greenroomv1.ListDecisionsResponse, error) {
	q := store.DecisionQuery{
		Fleet: model.FleetName(r.GetFleet()), Since: convert.TimeModel(r.GetSince()), Until: convert.TimeModel(r.GetUntil()),
		After: r.GetAfterId(), Limit: int(r.GetLimit()),
	}
	if q.Limit == 0 {
		q.Limit = defaultDecisions
	}
	if !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return nil, badRequest(r, []rules.Violation{{Path: "since", Sentence: "has to be before until, " + q.Until.Format(time.RFC3339)}})
	}
	all, err := s.cfg.Store.ListDecisions(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListDecisionsResponse{}
	for _, d := range all {
		out.Decisions = append(out.Decisions, convert.DecisionProto(d))
	}
	return out, nil
}
