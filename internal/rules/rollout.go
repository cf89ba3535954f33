package rules

import (
	"fmt"
	"net/url"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// rollout checks what a rollout's steps and gates ask of each other.
func rollout(r *greenroomv1.Rollout, at string) []Violation {
	s := r.GetSpec()
	out := rolloutSteps(s.GetSteps(), at+"spec.steps")
	if s.GetTo() != "" && s.GetTo() == s.GetFrom() {
		out = append(out, Violation{at + "spec.from", fmt.Sprintf("must be another fleet than to (%q)", s.GetTo())})
	}
	names := map[string]bool{}
	for i, g := range s.GetGates() {
		path := fmt.Sprintf("%sspec.gates[%d].", at, i)
		name := gateName(g)
		if name != "" && names[name] {
			out = append(out, Violation{path + "name", fmt.Sprintf("must be another name: %q is that of an earlier gate", name)})
		}
		names[name] = true
		if q := g.GetPrometheus(); q != nil {
			out = append(out, prometheus(q, path+"prometheus.")...)
		}
		if q := g.GetJoinLatency().GetMaxRatio(); q > 0 && q < 1 {
			out = append(out, Violation{path + "join_latency.max_ratio", fmt.Sprintf("must be 1 or more, or 0 for %d, not %v", model.DefaultLatencyRatio, q)})
		}
	}
	return out
}

// gateName is a gate's name; that of its kind, as model.Gate.Kind has it, where it has none.
func gateName(g *greenroomv1.Gate) string {
	if g.GetName() != "" {
		return g.GetName()
	}
	m := g.ProtoReflect()
	if kind := m.WhichOneof(m.Descriptor().Oneofs().ByName("kind")); kind != nil {
		return strings.ReplaceAll(string(kind.Name()), "_", "-")
	}
	return ""
}

func rolloutSteps(steps []*greenroomv1.RolloutStep, at string) []Violation {
	var out []Violation
	for i, s := range steps[min(1, len(steps)):] {
		if before := steps[i].GetWeightPpm(); s.GetWeightPpm() <= before {
			out = append(out, Violation{
				fmt.Sprintf("%s[%d].weight_ppm", at, i+1), fmt.Sprintf("must be above that of the step before (%d), not %d", before, s.GetWeightPpm()),
			})
		}
	}
	return out
}

func prometheus(q *greenroomv1.PrometheusGate, at string) []Violation {
	var out []Violation
	if u, err := url.Parse(q.GetUrl()); q.GetUrl() != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		out = append(out, Violation{at + "url", fmt.Sprintf("must be the address of a Prometheus server such as \"http://prometheus:9090\", not %q", q.GetUrl())})
	}
	if q.Max == nil && q.Min == nil && q.GetMaxRatio() == 0 {
		out = append(out, Violation{at + "max", "must be given, or min, or max_ratio: else nothing could fail"})
	}
	if q.Max != nil && q.Min != nil && q.GetMin() > q.GetMax() {
		out = append(out, Violation{at + "min", fmt.Sprintf("must not be above max (%v), not %v", q.GetMax(), q.GetMin())})
	}
	return out
}
