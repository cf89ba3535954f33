package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// reserved are the prefixes of the environment names that Greenroom gives its children itself.
var reserved = []string{"GREENROOM_", "AGONES_"}

// objects checks a request's list of one kind, which may have each name once.
func objects[M interface{ GetName() string }](kind string, list []M, check func(m M, at string) []Violation) []Violation {
	var out []Violation
	seen := map[string]bool{}
	for i, m := range list {
		at := fmt.Sprintf("%ss[%d].", kind, i)
		if name := m.GetName(); seen[name] {
			out = append(out, Violation{at + "name", fmt.Sprintf("must be another name: there is an earlier %s %q beside it", kind, name)})
		}
		seen[m.GetName()] = true
		out = append(out, check(m, at)...)
	}
	return out
}

func fleet(f *greenroomv1.Fleet, at string) []Violation {
	var out []Violation
	process := f.GetSpec().GetProvider().GetProcess()
	for _, name := range slices.Sorted(maps.Keys(process.GetEnv())) {
		for _, prefix := range reserved {
			if strings.HasPrefix(strings.ToUpper(name), prefix) {
				path := fmt.Sprintf("%sspec.provider.process.env[%q]", at, name)
				out = append(out, Violation{path, "must be another name: those starting with " + prefix + " are Greenroom's own"})
			}
		}
	}
	ports := map[string]bool{}
	for i, p := range process.GetPorts() {
		if ports[p.GetName()] {
			path := fmt.Sprintf("%sspec.provider.process.ports[%d].name", at, i)
			out = append(out, Violation{path, fmt.Sprintf("must be another name: %q is the name of an earlier port", p.GetName())})
		}
		ports[p.GetName()] = true
	}
	if len(process.GetCommand()) > 0 && process.GetCommand()[0] == "" {
		out = append(out, Violation{at + "spec.provider.process.command[0]", "must be a program, not empty"})
	}
	c := f.GetSpec().GetCapacity()
	if c.GetSeats() > 0 && c.GetSeats() < c.GetSeatsPerSession() {
		out = append(out, Violation{
			at + "spec.capacity.seats",
			fmt.Sprintf("must be at least seats_per_session (%d), not %d", c.GetSeatsPerSession(), c.GetSeats()),
		})
	}
	out = append(out, static(f.GetSpec(), at+"spec.")...)
	out = append(out, flags(f.GetSpec().GetFlags(), at+"spec.")...)
	out = append(out, region(f.GetSpec().GetRegion(), at+"spec.region.")...)
	out = append(out, room(f.GetSpec().GetRoom(), at+"spec.room.")...)
	out = append(out, scaling(f.GetSpec(), at+"spec.scaling.")...)
	return append(out, drain(f.GetSpec().GetDrain(), at+"spec.drain.")...)
}

func drain(p *greenroomv1.DrainPolicy, at string) []Violation {
	deadline, said := p.GetDeadline().AsDuration(), ""
	if deadline == 0 {
		deadline, said = model.DefaultDrainDeadline, "default "
	}
	if wait := p.GetWait().AsDuration(); wait > deadline {
		return []Violation{{at + "wait", fmt.Sprintf("must not be above the %sdeadline (%s), not %s", said, deadline, wait)}}
	}
	return nil
}

func route(r *greenroomv1.Route, at string) []Violation {
	var out []Violation
	var sum uint64
	fleets := r.GetSpec().GetFleets()
	seen := map[string]bool{}
	for i, w := range fleets {
		sum += uint64(w.GetWeightPpm())
		if seen[w.GetFleet()] {
			path := fmt.Sprintf("%sspec.fleets[%d].fleet", at, i)
			out = append(out, Violation{path, fmt.Sprintf("must be another fleet: %s is in the list already", w.GetFleet())})
		}
		seen[w.GetFleet()] = true
	}
	alone := len(fleets) == 1 && sum == 0
	if len(fleets) > 0 && !alone && sum != uint64(model.Whole) {
		out = append(out, Violation{
			at + "spec.fleets",
			fmt.Sprintf("must have weights (weight_ppm) that add up to %d, not %d", model.Whole, sum),
		})
	}
	return out
}
