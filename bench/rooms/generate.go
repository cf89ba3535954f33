package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/usage"
)

// Wires that a load can speak.
const (
	mqttStates  = "mqtt"
	natsStates  = "nats"
	wsStates    = "ws"
	wsPositions = "ws-positions"

	udpPositions = "udp-positions"
	udpFloor     = "udp-floor"
)

// loadSpec describes a load, a process of this program. It prints "start" and "end" around the part that counts, waits for
// its input to end, and prints an outcome.
type loadSpec struct {
	Wire    string
	Addr    string
	Tickets bool // members log in with Greenroom's tickets
	Members int
	Rooms   int     // they spread over; 0: one
	Hz      float64 // 0: idle
	Bytes   int     // of a payload
	Deaf    int     // of the members, those that never read
	Sample  int     // one latency of so many deliveries; 0: each
	Buffer  int     // read at once; 0: the load's own default
	Warm    time.Duration
	For     time.Duration
	Side    float64 // of the square that those who tell positions walk in, in steps
	Speed   float64 // steps a second
	Sight   *sight  // what everybody must see at the end; nil: that is not looked at
}

// outcome is what a load saw.
type outcome struct {
	Seconds    float64
	Sent       uint64
	Delivered  uint64
	Expected   float64 // deliveries
	Bytes      uint64
	Reads      uint64
	P50, P99   float64 // ms
	LateP99    float64 // ms that updates were sent late
	Lost       int
	Why        string
	Resyncs    uint64
	Rejected   uint64
	CPUSeconds float64 // the load's own
	Seen       seen    // with Sight
}

func runGenerator(ctx context.Context, text []byte) error {
	var spec loadSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	g := generator{spec: spec, walks: make([]walk, spec.Members)}
	crowd := load.New(load.Config{
		Dial: g.dial, Hz: spec.Hz, Sample: spec.Sample, ReadBuffer: spec.Buffer, Deaf: func(i int) bool { return i < spec.Deaf },
	})
	defer crowd.Close()
	if err := crowd.Resize(ctx, spec.Members); err != nil {
		return err
	}
	if !pause(ctx, spec.Warm) {
		return ctx.Err()
	}
	cpu, err := usage.CPU(os.Getpid())
	if err != nil {
		return err
	}
	crowd.Begin()
	fmt.Println("start")
	if !pause(ctx, spec.For) {
		return ctx.Err()
	}
	r := crowd.End()
	fmt.Println("end")
	cpuAfter, err := usage.CPU(os.Getpid())
	if err != nil {
		return err
	}
	out := g.outcome(r)
	if spec.Sight != nil {
		if out.Seen, err = g.lookAround(ctx, crowd); err != nil {
			return err
		}
		// Everybody is told of itself and of those it sees.
		out.Expected = float64(out.Seen.Viewers+out.Seen.Others) * spec.Hz * out.Seconds
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	out.CPUSeconds = (cpuAfter - cpu).Seconds()
	return json.NewEncoder(os.Stdout).Encode(out)
}

func (g *generator) outcome(r load.Result) outcome {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	spec := g.spec
	room := float64(spec.Members) / float64(max(spec.Rooms, 1))
	out := outcome{
		Seconds: r.Elapsed.Seconds(), Sent: r.Sent, Delivered: r.Delivered, Bytes: r.Bytes, Reads: r.Reads,
		Expected: float64(spec.Members-spec.Deaf) * room * spec.Hz * r.Elapsed.Seconds(),
		P50:      ms(r.Latency.Quantile(0.50)), P99: ms(r.Latency.Quantile(0.99)), LateP99: ms(r.Late.Quantile(0.99)),
		Lost: r.Lost, Resyncs: r.Resyncs, Rejected: r.Rejected,
	}
	if r.Why != nil {
		out.Why = r.Why.Error()
	}
	return out
}

// pause waits; false: ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
