package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
)

type applies struct{ *API }

var _ greenroomv1connect.ApplyServiceHandler = applies{}

// Apply implements ApplyService.
func (s applies) Apply(ctx context.Context, r *greenroomv1.ApplyRequest) (*greenroomv1.ApplyResponse, error) {
	applied, err := s.apply(ctx, r, r)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ApplyResponse{}
	add := func(kind, name string, outcome store.Outcome, gen model.Generation) {
		out.Objects = append(out.Objects, &greenroomv1.AppliedObject{Kind: kind, Name: name, Outcome: string(outcome), Generation: uint64(gen)})
	}
	for _, f := range applied.Fleets {
		add("Fleet", string(f.Name), f.Outcome, f.Generation)
	}
	for _, r := range applied.Routes {
		add("Route", string(r.Name), r.Outcome, r.Generation)
	}
	for _, e := range applied.Events {
		add("Event", string(e.Name), e.Outcome, e.Generation)
	}
	for _, r := range applied.Rollouts {
		add("Rollout", string(r.Name), r.Outcome, r.Generation)
	}
	return out, nil
}

// apply is every way to apply: of one fleet, route, event or rollout, of many of all. What is refused is said by the paths of the
// request, which may hold less than all. What is done is noted, and seen at once.
func (a *API) apply(ctx context.Context, request proto.Message, all *greenroomv1.ApplyRequest) (store.Applied, error) {
	var broken []rules.Violation
	var objects store.Objects
	for i, f := range all.GetFleets() {
		objects.Fleets = append(objects.Fleets, convert.FleetModel(f))
		if err := a.cfg.Provider.Check(objects.Fleets[i].Spec.WithDefaults()); err != nil {
			broken = append(broken, checkViolation(fleetPath(request, i), err))
		}
	}
	for _, r := range all.GetRoutes() {
		objects.Routes = append(objects.Routes, convert.RouteModel(r))
	}
	for _, e := range all.GetEvents() {
		objects.Events = append(objects.Events, convert.EventModel(e))
	}
	for _, r := range all.GetRollouts() {
		objects.Rollouts = append(objects.Rollouts, convert.RolloutModel(r))
	}
	for _, look := range []func(context.Context, proto.Message, store.Objects) ([]rules.Violation, error){a.missingFleets, a.badEvents, a.badRollouts} {
		more, err := look(ctx, request, objects)
		if err != nil {
			return store.Applied{}, err
		}
		broken = append(broken, more...)
	}
	if len(broken) > 0 {
		return store.Applied{}, badRequest(request, broken)
	}
	applied, err := a.cfg.Store.ApplyAll(ctx, objects, all.GetDryRun(), a.cfg.Now())
	if err != nil || all.GetDryRun() {
		return applied, err
	}
	return applied, a.applied(ctx, applied)
}

// fleetPath is where a request holds its fleet number i.
func fleetPath(request proto.Message, i int) string {
	if _, one := request.(*greenroomv1.ApplyFleetRequest); one {
		return "fleet"
	}
	return fmt.Sprintf("fleets[%d]", i)
}

// routePath is where a request holds its route number i.
func routePath(request proto.Message, i int) string {
	if _, one := request.(*greenroomv1.ApplyRouteRequest); one {
		return "route"
	}
	return fmt.Sprintf("routes[%d]", i)
}

// eventPath is where a request holds its event number i.
func eventPath(request proto.Message, i int) string {
	if _, one := request.(*greenroomv1.ApplyEventRequest); one {
		return "event"
	}
	return fmt.Sprintf("events[%d]", i)
}

// rolloutPath is where a request holds its rollout number i.
func rolloutPath(request proto.Message, i int) string {
	if _, one := request.(*greenroomv1.ApplyRolloutRequest); one {
		return "rollout"
	}
	return fmt.Sprintf("rollouts[%d]", i)
}

// checkViolation splits a provider's "provider.process.command[0]: no such file" into the field of the spec and the
// sentence.
func checkViolation(fleet string, err error) rules.Violation {
	path, sentence, ok := strings.Cut(err.Error(), ": ")
	if !ok || !strings.HasPrefix(path, "provider") || strings.ContainsAny(path, " \t") {
		return rules.Violation{Path: fleet + ".spec.provider", Sentence: "cannot be used: " + err.Error()}
	}
	return rules.Violation{Path: fleet + ".spec." + path, Sentence: "cannot be used: " + sentence}
}

// missingFleets says of each fleet that a route names and that is not there, nor in the same request, where the route
// names it. The store holds the same rule without the place, for a fleet that goes at this very moment.
func (a *API) missingFleets(ctx context.Context, request proto.Message, objects store.Objects) ([]rules.Violation, error) {
	if len(objects.Routes) == 0 {
		return nil, nil
	}
	all, err := a.cfg.Store.ListFleets(ctx)
	if err != nil {
		return nil, err
	}
	deleted := map[model.FleetName]bool{}
	for _, f := range all {
		deleted[f.Name] = f.Deleted
	}
	for _, f := range objects.Fleets {
		deleted[f.Name] = false
	}
	var known []string
	for name, going := range deleted {
		if !going {
			known = append(known, string(name))
		}
	}
	slices.Sort(known)
	var out []rules.Violation
	for i, r := range objects.Routes {
		for j, w := range r.Fleets {
			path := fmt.Sprintf("%s.spec.fleets[%d].fleet", routePath(request, i), j)
			if going, there := deleted[w.Fleet]; !there {
				out = append(out, rules.Violation{Path: path, Sentence: fmt.Sprintf("must be a fleet that exists, not %q%s; apply the fleet first, or with it", w.Fleet, nearest.DidYouMean(string(w.Fleet), known))})
			} else if going {
				out = append(out, rules.Violation{Path: path, Sentence: fmt.Sprintf("must be another fleet: %q is being deleted", w.Fleet)})
			}
		}
	}
	return out, nil
}

// applied notes what an apply changed, a line for each object, and makes it be seen at once.
func (a *API) applied(ctx context.Context, applied store.Applied) error {
	var lines []store.AuditEntry
	note := func(action, name string, outcome store.Outcome, gen model.Generation) {
		if outcome != store.Unchanged {
			lines = append(lines, a.auditLine(actorOf(ctx), action, name, fmt.Sprintf("%s, generation %d", outcome, gen)))
		}
	}
	for _, f := range applied.Fleets {
		note("apply fleet", string(f.Name), f.Outcome, f.Generation)
	}
	for _, r := range applied.Routes {
		note("apply route", string(r.Name), r.Outcome, r.Generation)
	}
	for _, e := range applied.Events {
		note("apply event", string(e.Name), e.Outcome, e.Generation)
	}
	for _, r := range applied.Rollouts {
		note("apply rollout", string(r.Name), r.Outcome, r.Generation)
	}
	if len(lines) == 0 {
		return nil
	}
	a.auditLines(ctx, lines)
	return a.cfg.Specs.Refresh(ctx)
}
