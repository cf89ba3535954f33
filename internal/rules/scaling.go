package rules

import (
	"errors"
	"fmt"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/decide/when"
	"greenroom.dev/greenroom/internal/model"
)

// scaling checks what one field cannot say alone: names, windows, numbers that contradict the fleet's maximum, and bounds
// that together would never let a server go.
func scaling(spec *greenroomv1.FleetSpec, at string) []Violation {
	s := spec.GetScaling()
	most := int(spec.GetMaxServers())
	if most == 0 {
		most = model.DefaultMaxServers
	}
	var out []Violation
	if spec.GetMaxServers() == 0 && int(spec.GetMinServers()) > most {
		out = append(out, Violation{
			strings.TrimSuffix(at, "scaling.") + "min_servers",
			fmt.Sprintf("must not be above max_servers (default %d), not %d: say max_servers too", most, spec.GetMinServers()),
		})
	}
	names := map[string]bool{}
	for i, p := range s.GetPolicies() {
		path := fmt.Sprintf("%spolicies[%d].", at, i)
		name := p.GetName()
		if name == "" {
			name = policyKind(p)
		}
		if names[name] {
			out = append(out, Violation{path + "name", fmt.Sprintf("must be another name: an earlier policy is called %q; without a name a policy is called by its kind", name)})
		}
		names[name] = true
		out = append(out, policy(p, path, most)...)
	}
	for i, w := range s.GetScaleInWindows() {
		out = append(out, window(w, fmt.Sprintf("%sscale_in_windows[%d].", at, i))...)
	}
	for i, b := range s.GetBudgets() {
		if b.GetWindow() != nil {
			out = append(out, window(b.GetWindow(), fmt.Sprintf("%sbudgets[%d].window.", at, i))...)
		}
	}
	if len(out) == 0 {
		out = append(out, neverLetsGo(s, most, at)...)
	}
	return out
}

// policyKind is what a policy without a name is called.
func policyKind(p *greenroomv1.Policy) string {
	switch p.GetKind().(type) {
	case *greenroomv1.Policy_Buffer:
		return "buffer"
	case *greenroomv1.Policy_Occupancy:
		return "occupancy"
	case *greenroomv1.Policy_ActiveSessions:
		return "active sessions"
	case *greenroomv1.Policy_Load:
		return "load"
	case *greenroomv1.Policy_Schedule:
		return "schedule"
	case *greenroomv1.Policy_External:
		return "external"
	case *greenroomv1.Policy_Trend:
		return "trend"
	case *greenroomv1.Policy_Forecast:
		return "forecast"
	}
	return ""
}

func policy(p *greenroomv1.Policy, at string, most int) []Violation {
	switch k := p.GetKind().(type) {
	case *greenroomv1.Policy_Buffer:
		return atMost(at+"buffer.ready_servers", int(k.Buffer.GetReadyServers()), most)
	case *greenroomv1.Policy_Load:
		if k.Load.GetCpuTarget() == 0 && k.Load.GetNetworkBytesPerSecond() == 0 {
			return []Violation{{at + "load", "must have a target: cpu_target, such as 0.7, or network_bytes_per_second"}}
		}
	case *greenroomv1.Policy_Schedule:
		out := window(k.Schedule.GetWindow(), at+"schedule.window.")
		out = append(out, atMost(at+"schedule.servers", int(k.Schedule.GetServers()), most)...)
		out = append(out, atMost(at+"schedule.ready_servers", int(k.Schedule.GetReadyServers()), most)...)
		if k.Schedule.GetServers()+k.Schedule.GetReadyServers()+k.Schedule.GetFreeSessions() == 0 {
			out = append(out, Violation{at + "schedule", "must want something: servers, free_sessions or ready_servers"})
		}
		return out
	}
	return nil
}

func atMost(path string, n, most int) []Violation {
	if n <= most {
		return nil
	}
	return []Violation{{path, fmt.Sprintf("must not be above max_servers (%d), not %d: raise max_servers or ask for fewer", most, n)}}
}

// window checks a window by reading it.
func window(w *greenroomv1.Window, at string) []Violation {
	if w.GetCron() == "" || w.GetDuration() == nil { // the contract's own rules say it
		return nil
	}
	_, err := when.Parse(windowModel(w))
	var wrong *when.Error
	if errors.As(err, &wrong) {
		return []Violation{{at + wrong.Field, wrong.Sentence}}
	}
	return nil
}

func windowModel(w *greenroomv1.Window) model.Window {
	return model.Window{Cron: w.GetCron(), Duration: w.GetDuration().AsDuration(), TimeZone: w.GetTimeZone()}
}
