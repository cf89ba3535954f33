package model

import (
	"math"
	"time"
)

// Load is what a server's process uses, over the few seconds before At.
type Load struct {
	At          time.Time // of the control plane
	CPU         float64   // cores in use
	CPULimit    float64   // cores it may use
	MemoryBytes float64
	Received    float64 // bytes per second, on the network
	Sent        float64
}

// Loads that are nearer to each other than these look the same to a person and to a policy.
const (
	loadShare   = 0.1      // of the larger of the two
	loadCPU     = 0.05     // of the cores it may use
	loadNetwork = 64 << 10 // bytes per second
	loadMemory  = 16 << 20 // bytes
)

// Differs tells whether one of the loads' numbers is noticeably another.
func (l *Load) Differs(from *Load) bool {
	return apart(l.CPU, from.CPU, loadCPU*max(l.CPULimit, from.CPULimit)) || apart(l.MemoryBytes, from.MemoryBytes, loadMemory) ||
		apart(l.Received, from.Received, loadNetwork) || apart(l.Sent, from.Sent, loadNetwork)
}

func apart(a, b, least float64) bool {
	return math.Abs(a-b) > max(least, loadShare*max(a, b))
}

// Connections counts what became of a server's connections since its process began, or those of a fleet's servers.
type Connections struct {
	Admitted uint64 // a ticket was shown and its seat claimed for the first time
	Resumed  uint64 // a connection came back to its seat
	Refused  uint64 // a ticket was shown and the connection not let in
	Lost     uint64 // ended without the player's leave
}
