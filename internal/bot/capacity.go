package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/usage"
	"greenroom.dev/greenroom/sdk/go/client"
)

// How players of a capacity run tell where they are.
const (
	WireJSON    = "json"    // a retained JSON state each, as the demo's bots keep
	WireCompact = "compact" // compact positions
	WireUDP     = "udp"     // compact positions, by UDP
)

// DefaultMaxPlayers bounds a capacity run.
const DefaultMaxPlayers = 2000

// CapacityConfig says what is looked for: the most players in one room for whom SLO holds.
type CapacityConfig struct {
	// Seat answers where a player's seat is in the room, by the endpoint "ws" or "udp".
	Seat func(ctx context.Context, endpoint, player string) (client.Place, error)
	// Metrics is the address of the room server's metrics; "": where its WebSocket is.
	Metrics string
	// PID is the room server's process, if it is one of this machine and its metrics tell no CPU time; 0: not known.
	PID        int
	SLO        SLO
	Hz         float64       // how often each player moves, a second
	Wire       string        // WireJSON (""), WireCompact or WireUDP
	ValueBytes int           // pads a JSON state to this many bytes; 0: as it comes, about 60
	MaxPlayers int           // 0: DefaultMaxPlayers
	Measure    time.Duration // each step's counted part; 0: 5 s. A third of it, 1 s at least, is waited before
	// Progress is told each step as it is over; nil: nobody.
	Progress func(CapacityStep)
}

// firstPlayers is the first step's number.
const firstPlayers = 10

// Check tells what is wrong with the configuration, but for Seat; nil: nothing.
func (cfg CapacityConfig) Check() error {
	_, err := cfg.check()
	return err
}

func (cfg CapacityConfig) check() (CapacityConfig, error) {
	var wanted wants
	cfg.Wire = cmp.Or(cfg.Wire, WireJSON)
	cfg.MaxPlayers = cmp.Or(cfg.MaxPlayers, DefaultMaxPlayers)
	cfg.Measure = cmp.Or(cfg.Measure, 5*time.Second)
	wanted.need(len(cfg.SLO) > 0, "an objective is needed, such as %s", SLOExample)
	wanted.need(cfg.Hz > 0 && cfg.Hz <= MaxHz, "hz is %v, must be above 0 and at most %d", cfg.Hz, MaxHz)
	wanted.need(slices.Contains([]string{WireJSON, WireCompact, WireUDP}, cfg.Wire), "wire %q is none of %s, %s and %s", cfg.Wire, WireJSON, WireCompact, WireUDP)
	wanted.need(cfg.Wire == WireJSON || cfg.ValueBytes == 0, "positions are compact and cannot be padded")
	wanted.need(cfg.ValueBytes >= 0 && cfg.ValueBytes <= MaxValueBytes, "value size is %d bytes, must be 0 to %d", cfg.ValueBytes, MaxValueBytes)
	wanted.need(cfg.MaxPlayers > 0 && cfg.MaxPlayers <= MaxPlayers, "max players is %d, must be 1 to %d", cfg.MaxPlayers, MaxPlayers)
	wanted.need(cfg.Measure >= 100*time.Millisecond, "a step of %v is too short to measure", cfg.Measure)
	return cfg, wanted.missing()
}

// FindCapacity raises and lowers the number of players in one room until it knows the most for whom the objectives hold.
// When ctx ends early, it answers what it knows by then. The error says why nothing could be measured.
func FindCapacity(ctx context.Context, cfg CapacityConfig) (Capacity, error) {
	cfg, err := cfg.check()
	if err != nil {
		return Capacity{}, err
	}
	transport := &http.Transport{MaxIdleConns: 4, IdleConnTimeout: time.Minute}
	defer transport.CloseIdleConnections()
	f := &finder{
		cfg: cfg, search: search{low: firstPlayers, max: cfg.MaxPlayers},
		meter:  meter{http: &http.Client{Transport: transport, Timeout: 5 * time.Second}, pid: cfg.PID, url: cfg.Metrics},
		prefix: "cap-" + randomName() + "-",
	}
	f.crowd = load.New(load.Config{Dial: f.dial, Hz: cfg.Hz, Sample: sampleEvery, Polite: true})
	defer f.crowd.Close()
	if err := f.run(ctx); err != nil {
		return Capacity{}, err
	}
	return f.report(ctx.Err() != nil), nil
}

// finder is a run of FindCapacity.
type finder struct {
	cfg    CapacityConfig
	search search
	crowd  *load.Crowd
	meter  meter
	prefix string // of the players' names
	steps  []CapacityStep
}

func (f *finder) run(ctx context.Context) error {
	for n := f.search.next(); n > 0; n = f.search.next() {
		step, err := f.step(ctx, n)
		if err == nil && !step.Met && step.Refused == "" {
			step, err = f.step(ctx, n) // twice, or it was a hiccup of something else
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		f.steps = append(f.steps, step)
		if f.cfg.Progress != nil {
			f.cfg.Progress(step)
		}
		f.search.tell(n, step.Met)
	}
	return nil
}

// step has n players in the room, lets them settle, and measures. The error is one that no other number would mend.
func (f *finder) step(ctx context.Context, n int) (CapacityStep, error) {
	step := CapacityStep{Players: n}
	if err := f.crowd.Resize(ctx, n); err != nil {
		if len(f.steps) == 0 && f.crowd.Len() == 0 {
			return step, fmt.Errorf("no player got in: %w", err)
		}
		step.Refused = err.Error()
		step.Broke = []string{fmt.Sprintf("only %d players got in", f.crowd.Len())}
		return step, nil
	}
	if !wait(ctx, max(f.cfg.Measure/3, time.Second)) {
		return step, ctx.Err()
	}
	before, err := f.meter.read(ctx)
	if err != nil {
		return step, err
	}
	if f.cfg.SLO.has(CPU) && !before.hasCPU {
		return step, errors.New("the room server does not tell its CPU time, and is no process of this machine: leave cpu out of the objectives")
	}
	own, err := usage.CPU(os.Getpid())
	if err != nil {
		return step, err
	}
	f.crowd.Begin()
	if !wait(ctx, f.cfg.Measure) {
		return step, ctx.Err()
	}
	result := f.crowd.End()
	after, err := f.meter.read(ctx)
	if err != nil {
		return step, err
	}
	ownAfter, err := usage.CPU(os.Getpid())
	if err != nil {
		return step, err
	}
	step.fill(result, before, after, ownAfter-own)
	step.judge(f.cfg.SLO)
	if result.Lost > 0 { // those are gone; the next step begins with everybody
		return step, f.crowd.Resize(ctx, 0)
	}
	return step, nil
}
