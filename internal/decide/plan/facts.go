package plan

import (
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
	said := &p.in.Sheet.said
	said.begin()
	said.count(len(p.in.Servers), "server").text(" of at most ").number(spec.Max).text(": ")
	between := ""
	for st := model.ServerStarting; st <= model.ServerUnhealthy; st++ {
		if n := byState[st]; n > 0 {
			said.text(between).number(n).text(" ").text(st.String())
			between = ", "
		}
	}
	if between == "" {
		said.text("none")
	}
	said.end()
	said.number(free).text(" of ").count(slots, "session slot").text(" on open servers free, open buffer ").number(spec.Open).end()
	said.count(byState[model.ServerReady], "ready server").text(", ready buffer ").number(spec.Ready).end()
	said.count(sessions, "session").text(" on them").end()
	if n := p.rehome(); n > 0 {
		said.count(n, "session").text(" to re-home").end()
	}
	if p.doubtful > 0 {
		said.count(p.doubtful, "server").text(" silent: counted for nothing until heard again").end()
	}
	if n := len(p.next.Scale.Surplus); n > 0 {
		said.count(n, "server").text(" not needed and empty: taken away after ").text(spec.ScaleInAfter.String()).end()
	}
	if p.in.Fleet.Deleted {
		said.text("the fleet was deleted: its servers are drained").end()
	}
	p.plan.Facts = said.all(p.plan.Facts)
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
