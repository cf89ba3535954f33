// Package rival owns the rules of other autoscalers, so that a simulation can hold them against Greenroom's own on the
// same day: Agones' Buffer policy, and the utilisation rule of the HorizontalPodAutoscaler as KEDA drives it. They are
// pure: what they remember is passed in and out.
package rival

import "time"

// BufferSync is how often Agones' FleetAutoscaler looks.
const BufferSync = 30 * time.Second

// Buffer is Agones' Buffer policy: so many servers beside those in use (Allocated). Source: Agones 1.58,
// pkg/fleetautoscalers.
type Buffer struct {
	Servers  int // beside those in use
	Percent  int // of all that are to be unused, 1 to 99, and then at least one server; 0: Servers counts
	Min, Max int // Max 0: none
}

// Replicas is how many servers the fleet is to have, with so many in use.
func (b Buffer) Replicas(inUse int) int {
	n := inUse + b.Servers
	if b.Percent > 0 {
		free := 100 - b.Percent
		n = max(1, (inUse*100+free-1)/free)
	}
	return within(n, b.Min, b.Max)
}

func within(n, least, most int) int {
	n = max(n, least)
	if most > 0 {
		n = min(n, most)
	}
	return n
}
