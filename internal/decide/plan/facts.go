package plan

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// facts says what was seen, in sentences.
func (p *planner) facts() {
	spec := p.in.Fleet.Spec
	var byState [math.MaxUint8 + 1]int
	sessions, free, slots := 0, 0, 0
	for i := range p.in.Servers {
		byState[p.in.Servers[i].State]++
		sessions += p.in.Servers[i].Sessions
	}
	for i := range p.capacity {
		if s := &p.capacity[i]; s.Stage == scale.Serving {
			free += s.FreeSlots
			slots += s.Slots
		}
	}
	var states []string
	for st := model.ServerStarting; st <= model.ServerUnhealthy; st++ {
		if n := byState[st]; n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, st))
		}
	}
	p.fact("%s of at most %d: %s", model.Count(len(p.in.Servers), "server"), spec.Max, orNone(strings.Join(states, ", ")))
	p.fact("%d of %s on open servers free, open buffer %d", free, model.Count(slots, "session slot"), spec.Open)
	p.fact("%s, ready buffer %d", model.Count(byState[model.ServerReady], "ready server"), spec.Ready)
	p.fact("%s on them", model.Count(sessions, "session"))
	if n := p.rehome(); n > 0 {
		p.fact("%s to re-home", model.Count(n, "session"))
	}
	if p.doubtful > 0 {
		p.fact("%s silent: counted for nothing until heard again", model.Count(p.doubtful, "server"))
	}
	if n := len(p.next.Scale.Surplus); n > 0 {
		p.fact("%s not needed and empty: taken away after %s", model.Count(n, "server"), spec.ScaleInAfter)
	}
	if p.in.Fleet.Deleted {
		p.fact("the fleet was deleted: its servers are drained")
	}
}

func (p *planner) fact(format string, args ...any) {
	p.plan.Facts = append(p.plan.Facts, fmt.Sprintf(format, args...))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// server finds one of the input's servers, which come by ID; nil if there is none.
func (p *planner) server(id model.ServerID) *model.Server {
	all := p.in.Servers // searched by number: a server is too large to be handed about
	i, ok := sort.Find(len(all), func(i int) int { return strings.Compare(string(id), string(all[i].ID)) })
	if !ok {
		return nil
	}
	return &all[i]
}

func (p *planner) anyRunning() bool {
	return slices.ContainsFunc(p.in.Instances, func(i Instance) bool { return i.Running })
}
