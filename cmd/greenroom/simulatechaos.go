package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"greenroom.dev/greenroom/internal/chaos"
	"greenroom.dev/greenroom/internal/model"
)

// coverFrom is the number of seeds from which on a situation that was never met fails the run.
const coverFrom = 200

// chaos runs worlds of many seeds, and says which rules they broke.
func (cmd *simulateCommand) chaos(ctx context.Context, c *console) error {
	bugs := chaos.Bugs()
	switch {
	case len(cmd.Files) > 0 || cmd.Generate != "" || len(cmd.Policies) > 0 || cmd.Plot != "":
		return usagef("--chaos has a world of its own: it takes --seed, --seeds, --trace, --plant and -o")
	case cmd.Seeds < 1 || cmd.Seeds > chaos.MaxSeeds:
		return usagef("--seeds %d: 1 to %d", cmd.Seeds, chaos.MaxSeeds)
	case cmd.Trace != "" && cmd.Seeds > 1:
		return usagef("--trace: of one world only, not of %d", cmd.Seeds)
	case cmd.Plant != "" && bugs[cmd.Plant] == 0:
		return usagef("--plant %s: one of %s", cmd.Plant, strings.Join(slices.Sorted(maps.Keys(bugs)), ", "))
	}
	many := chaos.Many{From: cmd.Seed, Seeds: cmd.Seeds, Options: chaos.Options{Bugs: bugs[cmd.Plant]}, Done: chaosProgress(c, cmd.Seeds)}
	if cmd.Trace == "" {
		return cmd.runChaos(ctx, c, many)
	}
	var failed error
	err := writeTo(cmd.Trace, c.out, func(w io.Writer) error {
		many.Options.Trace = w
		failed = cmd.runChaos(ctx, c, many)
		return nil
	})
	return errors.Join(err, failed)
}

func (cmd *simulateCommand) runChaos(ctx context.Context, c *console, many chaos.Many) error {
	s, err := chaos.RunMany(ctx, many)
	if c.terminal() {
		fmt.Fprint(c.err, "\r\x1b[K")
	}
	report := newChaosReport(&s, cmd.Plant)
	if err := printReport(c.out, cmd.Output, report); err != nil {
		return err
	}
	switch {
	case err != nil:
		return fmt.Errorf("stopped after %d of %s: %w", s.Seeds, model.Count(cmd.Seeds, "world"), err)
	case len(s.Failed) > 0:
		return fmt.Errorf("rules were broken in %d of %s", len(s.Failed), model.Count(s.Seeds, "world"))
	case len(report.NeverMet) > 0:
		return fmt.Errorf("%s never met %s, and prove nothing of them: %s", model.Count(s.Seeds, "world"), model.Count(len(report.NeverMet), "situation"), strings.Join(report.NeverMet, "; "))
	}
	return nil
}

// chaosProgress says on a terminal how far the run is, and everywhere which seed failed as soon as it has.
func chaosProgress(c *console, seeds int) func(chaos.Result) {
	began, shown, done, failed := time.Now(), time.Time{}, 0, 0
	return func(r chaos.Result) {
		done++
		if len(r.Broken) > 0 {
			failed++
			if c.terminal() {
				fmt.Fprint(c.err, "\r\x1b[K")
			}
			fmt.Fprintf(c.err, "seed %d: %s: %s\n", r.Seed, r.Broken[0].Rule, r.Broken[0].What)
		}
		if now := time.Now(); c.terminal() && now.Sub(shown) >= 200*time.Millisecond {
			shown = now
			rate := float64(done) / now.Sub(began).Minutes()
			fmt.Fprintf(c.err, "\r\x1b[K%d of %s, %d failed, %.0f a minute", done, model.Count(seeds, "world"), failed, rate)
		}
	}
}

// chaosReport is a run as it is printed.
type chaosReport struct {
	Seeds          int             `json:"seeds"`
	Seconds        float64         `json:"seconds"`
	SeedsPerMinute float64         `json:"seeds_per_minute"`
	VirtualHours   float64         `json:"virtual_hours"`
	Events         uint64          `json:"events"`
	Hash           string          `json:"hash"`
	Planted        string          `json:"planted,omitempty"`
	Failed         []chaosFailure  `json:"failed"`
	NeverMet       []string        `json:"never_met"`
	Situations     []chaos.Counted `json:"situations"`
}

// chaosFailure is a world in which a rule was broken.
type chaosFailure struct {
	Seed   uint64        `json:"seed"`
	Broken []chaosBroken `json:"broken"`
	Replay string        `json:"replay"`
	Last   []string      `json:"last"`
}

type chaosBroken struct {
	Rule      string  `json:"rule"`
	AtSeconds float64 `json:"at_seconds"`
	What      string  `json:"what"`
}

func newChaosReport(s *chaos.Summary, planted string) *chaosReport {
	r := &chaosReport{
		Seeds: s.Seeds, Seconds: s.Took.Seconds(), VirtualHours: s.Virtual.Hours(), Events: s.Events, Planted: planted,
		Hash: fmt.Sprintf("%016x", s.Hash), Situations: s.Cover.List(), Failed: []chaosFailure{}, NeverMet: []string{},
	}
	if s.Took > 0 {
		r.SeedsPerMinute = float64(s.Seeds) / s.Took.Minutes()
	}
	if s.Seeds >= coverFrom && planted == "" {
		r.NeverMet = append(r.NeverMet, s.Cover.Missing()...)
	}
	for i := range s.Failed {
		f := &s.Failed[i]
		failure := chaosFailure{Seed: f.Seed, Replay: f.Replay(), Last: f.Last}
		if planted != "" {
			failure.Replay += " --plant " + planted
		}
		for _, b := range f.Broken {
			failure.Broken = append(failure.Broken, chaosBroken{string(b.Rule), b.At.Seconds(), b.What})
		}
		r.Failed = append(r.Failed, failure)
	}
	return r
}

// shownLast bounds the events that a table shows of a failure.
const shownLast = 12

// WriteTable prints what was met, and what was broken.
func (r *chaosReport) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range r.Situations {
		fmt.Fprintf(t, "%d\t%s\n", s.Times, s.Situation)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range r.Failed {
		fmt.Fprintf(w, "\nseed %d\n", f.Seed)
		for _, b := range f.Broken {
			fmt.Fprintf(w, "  %s, at %.3f s: %s\n", b.Rule, b.AtSeconds, b.What)
		}
		for _, line := range f.Last[max(0, len(f.Last)-shownLast):] {
			fmt.Fprintf(w, "    %s\n", line)
		}
		fmt.Fprintf(w, "  replay: %s\n", f.Replay)
	}
	fmt.Fprintf(w, "\n%s of %.1f virtual hours in %.1f s (%.0f a minute), %d events, hash %s; rules were broken in %d\n",
		model.Count(r.Seeds, "world"), r.VirtualHours, r.Seconds, r.SeedsPerMinute, r.Events, r.Hash, len(r.Failed))
	return nil
}
