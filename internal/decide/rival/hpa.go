package rival

import (
	"math"
	"time"
)

// How KEDA and the HorizontalPodAutoscaler behave where nothing is configured.
const (
	HPAPoll          = 30 * time.Second  // KEDA's pollingInterval
	HPAStabilization = 300 * time.Second // of scaling in
	HPATolerance     = 0.1               // of the ratio of value to target
)

// HPA is the HorizontalPodAutoscaler's rule for a utilisation: ceil(servers × value ÷ target), nothing within 10 % of the
// target, and fewer only when every recommendation of the last 300 s was for fewer. Its limit on growth (by default at
// most double, or 4 more, each 15 s) is left out, in the rival's favour. Source: Kubernetes, pkg/controller/podautoscaler.
type HPA struct {
	Target   float64 // utilisation to keep, above 0, up to 1
	Min, Max int     // Min at least 1, as with a utilisation there must be somebody to measure; Max 0: none
}

// Seen is what the rule looks at.
type Seen struct {
	Servers int     // asked for, those that boot included
	Ready   int     // of them, those that serve and are measured
	Value   float64 // mean utilisation of Ready, 0 to 1
}

// Memory is what the rule remembers: its recommendations of the last 300 s. The zero value remembers nothing.
type Memory struct{ past []recommendation }

type recommendation struct {
	at      time.Time
	servers int
}

// Replicas is how many servers the fleet is to have, and what is to be remembered for the next time.
func (h HPA) Replicas(m Memory, now time.Time, s Seen) (int, Memory) {
	wanted := within(h.recommend(s), max(1, h.Min), h.Max)
	next := Memory{past: []recommendation{{now, wanted}}}
	if len(m.past) == 0 { // it begins with what it finds
		next.past = append(next.past, recommendation{now, s.Servers})
	}
	highest := wanted
	for _, r := range m.past {
		if now.Sub(r.at) < HPAStabilization {
			next.past = append(next.past, r)
		}
	}
	for _, r := range next.past {
		highest = max(highest, r.servers)
	}
	n := s.Servers
	if n < wanted {
		n = wanted
	}
	return within(min(n, highest), max(1, h.Min), h.Max), next
}

// recommend is the rule without memory. Servers that boot count as unused when there should be more, and not at all when
// there should be fewer.
func (h HPA) recommend(s Seen) int {
	if s.Ready == 0 {
		return s.Servers
	}
	ratio := s.Value / h.Target
	if ratio <= 1 || s.Ready >= s.Servers {
		if math.Abs(1-ratio) <= HPATolerance {
			return s.Servers
		}
		return ceil(ratio * float64(s.Ready))
	}
	ratio *= float64(s.Ready) / float64(s.Servers)
	if ratio <= 1+HPATolerance {
		return s.Servers
	}
	return ceil(ratio * float64(s.Servers))
}

// ceil rounds up, and forgives what floating point adds: 0.7 × 10 ÷ 0.7 is 10.
func ceil(x float64) int { return int(math.Ceil(x - 1e-9)) }
