package bot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bottleneck is what a room runs out of first.
type Bottleneck struct {
	Name string `json:"name"` // cpu, packets, bandwidth, bots, seats, or unknown
	Why  string `json:"why"`
}

// From where on something counts as used up.
const (
	fullCore    = 85.0 // percent of one core of the server: a room is one goroutine's
	fullLink    = 80.0 // percent of a network card
	fullMachine = 5.0  // percent idle, and less
	lateSending = 10.0 // ms that one in a hundred of the bots' moves was late, and more
)

// bottleneckOf says what stood behind a step that broke; of one that did not, what is nearest to its end.
func bottleneckOf(s CapacityStep, slo SLO) Bottleneck {
	cpu, knowsCPU := s.value(CPU)
	switch {
	case s.Refused != "":
		return Bottleneck{"seats", "the room took no more players: " + s.Refused}
	case s.brokeCPU(slo):
		return Bottleneck{"cpu", fmt.Sprintf("the room server takes %.0f %% of a core with %d players", cpu, s.Players)}
	case s.exceeded("pps_"), s.exceeded("conntrack_"):
		return Bottleneck{"packets", "this EC2 instance was over its allowance: " + s.allowanceWords()}
	case s.exceeded("bw_"):
		return Bottleneck{"bandwidth", "this EC2 instance was over its allowance: " + s.allowanceWords()}
	case s.LinkUse >= fullLink:
		return Bottleneck{"bandwidth", fmt.Sprintf("%.0f %% of the network card's speed", s.LinkUse)}
	case !s.Met && s.starved():
		return Bottleneck{"bots", fmt.Sprintf("the bots themselves: they moved %.0f ms late (p99) and this machine had %.0f %% of its CPU left, "+
			"so that the server may hold more; run them on another machine", s.SentLateP99, s.MachineIdle)}
	case knowsCPU && cpu >= fullCore:
		return Bottleneck{"cpu", fmt.Sprintf("the room server takes %.0f %% of a core, and one room cannot use much more", cpu)}
	case !s.Met:
		return Bottleneck{"unknown", "neither the server's CPU nor this machine was full: look at the network between them, and at the fleet's tick, below which no latency falls"}
	case s.LinkUse > cpu:
		return Bottleneck{"bandwidth", fmt.Sprintf("%.0f %% of the network card's speed with %d players", s.LinkUse, s.Players)}
	case knowsCPU:
		return Bottleneck{"cpu", fmt.Sprintf("it is nearest to its end: %.0f %% of a core with %d players", cpu, s.Players)}
	default:
		return Bottleneck{"unknown", "nothing was near its end, as far as can be seen from here"}
	}
}

// starved: the bots came late because there was no CPU left for them.
func (s *CapacityStep) starved() bool {
	return s.SentLateP99 >= lateSending && s.MachineIdle <= fullMachine || s.SentLateP99 >= 5*lateSending
}

func (s *CapacityStep) brokeCPU(slo SLO) bool {
	value, known := s.value(CPU)
	return known && slices.ContainsFunc(slo, func(o Objective) bool { return o.Metric == CPU && !o.Holds(value) })
}

func (s *CapacityStep) exceeded(prefix string) bool {
	for name := range s.Allowances {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (s *CapacityStep) allowanceWords() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(s.Allowances)) {
		words = append(words, fmt.Sprintf("%s rose by %.0f", name, s.Allowances[name]))
	}
	return strings.Join(words, ", ")
}
