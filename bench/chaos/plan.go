//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// kind is what is done to whom.
type kind string

const (
	killServer  kind = "kill a room server"
	pauseServer kind = "pause a room server"
	killPlane   kind = "kill the control plane"
	pausePlane  kind = "pause the control plane"
	fillDisk    kind = "fill the disk"
	slowNet     kind = "slow, lossy network"
	cutNet      kind = "cut the network"
	cutHalf     kind = "cut the network one way"
)

// kinds is every fault there is, in the order of the report.
var kinds = [...]kind{killServer, pauseServer, killPlane, pausePlane, fillDisk, slowNet, cutNet, cutHalf}

// fault is one thing that goes wrong, from At after the start of the faults, for For.
type fault struct {
	Kind kind
	At   time.Duration
	For  time.Duration // until it is taken back; of killPlane: until it is started again; of killServer: 0
	// Pick chooses the server among those that there are then, 0 to 1.
	Pick float64
	// Delay, Jitter and Loss are slowNet's, each way; Loss is a share of the packets.
	Delay, Jitter time.Duration
	Loss          float64
	// ToServers is cutHalf's way.
	ToServers bool
}

// String says what is done, without to whom.
func (f fault) String() string {
	switch f.Kind {
	case killServer:
		return string(f.Kind)
	case slowNet:
		return fmt.Sprintf("%s for %s: %s ± %s and %.1f %% lost, each way", f.Kind, f.For, f.Delay, f.Jitter, 100*f.Loss)
	case cutHalf:
		way := "to the players"
		if f.ToServers {
			way = "to the servers"
		}
		return fmt.Sprintf("%s for %s: %s", f.Kind, f.For, way)
	}
	return fmt.Sprintf("%s for %s", f.Kind, f.For)
}

// plan draws the faults of a run: the kinds are dealt from a shuffled deck, so that each comes before one comes again, and
// faults overlap now and then. The same seed gives the same plan. Every fault has begun by length; every is the longest time between
// two, the shortest is a quarter of it.
func plan(seed uint64, length, every time.Duration, deck []kind) []fault {
	r := rand.New(rand.NewPCG(seed, 0))
	between := func(low, high time.Duration) time.Duration {
		return (low + time.Duration(r.Int64N(int64(high-low)))).Round(10 * time.Millisecond)
	}
	var faults []fault
	var left []kind
	for at := between(0, time.Second); at < length; at += between(every/4, every) {
		if len(left) == 0 {
			left = append(left, deck...)
			r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
		}
		f := fault{Kind: left[0], At: at, Pick: r.Float64()}
		left = left[1:]
		switch f.Kind {
		case pauseServer:
			f.For = between(500*time.Millisecond, 9*time.Second)
		case killPlane:
			f.For = between(0, 4*time.Second)
		case pausePlane:
			f.For = between(500*time.Millisecond, 7*time.Second)
		case fillDisk:
			f.For = between(2*time.Second, 6*time.Second)
		case slowNet:
			f.For, f.Delay, f.Jitter = between(3*time.Second, 7*time.Second), between(20*time.Millisecond, 150*time.Millisecond), between(0, 40*time.Millisecond)
			f.Loss = 0.005 + 0.045*r.Float64()
		case cutNet, cutHalf:
			f.For, f.ToServers = between(300*time.Millisecond, 3*time.Second), r.IntN(2) == 0
		}
		faults = append(faults, f)
	}
	return faults
}
