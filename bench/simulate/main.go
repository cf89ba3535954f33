// Command simulate holds Greenroom's default policy against other autoscalers on generated demand: for each trace it runs
// the default policy, many settings of its rivals, and what servers cost that appear at once when somebody needs them, and
// checks the outcome against targets. All of it is `greenroom simulate` in a loop.
//
//	make bench-simulate
//	./scripts/bench-simulate -houses flash-crowd -seed 7 -slots 4 -boot 2m
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"greenroom.dev/greenroom/bench/command"
)

// options are the command line's.
type options struct {
	files  string // folder of the manifests
	houses []string
	rivals []string
	atOnce bool
	floors int
	variation
	out   string
	plots string // folder; "": none
}

func main() { command.Main("simulate", run) }

func run(ctx context.Context) error {
	var o options
	var names []string
	for _, h := range houses() {
		names = append(names, h.generator)
	}
	flag.StringVar(&o.files, "files", "bench/simulate", "folder of the fleets")
	chosen := flag.String("houses", strings.Join(names, ","), "which to run")
	others := flag.String("rivals", strings.Join(rivals(), ","), "which policies to run beside the fleets' own")
	flag.BoolVar(&o.atOnce, "at-once", true, "run servers that boot in no time, too")
	flag.IntVar(&o.floors, "floors", 0, "say how far policies could come that move no session, over so many draws of the stays; 0: do not")
	flag.Uint64Var(&o.seed, "seed", 1, "of the traces and of the runs")
	flag.Float64Var(&o.scale, "scale", 1, "how much of each trace's own scale")
	flag.IntVar(&o.slots, "slots", 0, "sessions on a server; 0: as the fleets say")
	flag.Float64Var(&o.spread, "spread", 0, "of all stays; 0: as the traces say")
	flag.DurationVar(&o.boot, "boot", 30*time.Second, "how long servers boot")
	flag.StringVar(&o.out, "o", "", "write the report there, as JSON")
	flag.StringVar(&o.plots, "plots", "", "folder to draw plots into")
	flag.Parse()
	o.houses = strings.Split(*chosen, ",")
	if *others != "" {
		o.rivals = strings.Split(*others, ",")
	}
	r, err := measure(ctx, o)
	if err != nil {
		return err
	}
	if o.out != "" {
		if err := command.WriteReport(o.out, r); err != nil {
			return err
		}
	}
	if missed := r.missed(); missed > 0 {
		return fmt.Errorf("%d of %d targets missed", missed, len(r.Checks))
	}
	return nil
}

// measure runs the chosen houses.
func measure(ctx context.Context, o options) (*report, error) {
	r := &report{Seed: o.seed, Scale: o.scale, BootSeconds: o.boot.Seconds()}
	for _, name := range o.houses {
		h, err := house{}, errors.New("no house "+name)
		for _, known := range houses() {
			if known.generator == name {
				h, err = known, nil
			}
		}
		if err != nil {
			return nil, err
		}
		in, err := h.input(o.files, o.variation)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		t, err := runHouse(ctx, h, in, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		t.print(os.Stdout)
		r.add(t)
	}
	r.printChecks(os.Stdout)
	return r, nil
}
