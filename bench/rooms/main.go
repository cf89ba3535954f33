// Command rooms measures what a room costs its server, beside brokers that do the same deliveries in the same run, and
// holds the figures against targets. Servers and the load generator are processes of their own on loopback; rounds go over
// all servers in turn, so that whatever else the machine does hits all alike, and medians are reported.
//
//	make bench-rooms
//	./scripts/bench-rooms -sections brokers -rounds 1 -for 3s
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
	peers    string // folder with the brokers' programs; "": those are left out
	sections []string
	rounds   int
	span     time.Duration // each measurement's counted part
	out      string
	profile  string // folder for profiles of the Greenroom servers; "": none
}

// section is a part of the report.
type section struct {
	name string
	run  func(context.Context, *bench) error
}

func sections() []section {
	return []section{
		{"brokers", runBrokers},
		{"crowd", runCrowd},
		{"interest", runInterest},
		{"udp", runUDP},
		{"idle", runIdle},
		{"slow", runSlow},
	}
}

func main() { command.Main("rooms", run) }

func run(ctx context.Context) error {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	all := strings.Join(names, ",")
	serve := flag.String("serve", "", "be the Greenroom server of this description (used by the program itself)")
	floor := flag.String("floor", "", "be the floor of UDP of this description (used by the program itself)")
	generate := flag.String("generate", "", "be the load of this description (used by the program itself)")
	var o options
	wanted := flag.String("sections", all, "what to measure, in this order")
	flag.StringVar(&o.peers, "peers", "", "folder with the programs mochi and nats-server; without, they are left out")
	flag.IntVar(&o.rounds, "rounds", 3, "how often everything is measured; medians are reported")
	flag.DurationVar(&o.span, "for", 5*time.Second, "how long each measurement counts")
	flag.StringVar(&o.out, "o", "", "write the report as JSON to this file")
	flag.StringVar(&o.profile, "profile", "", "write profiles of the Greenroom servers into this folder")
	flag.Parse()
	switch {
	case *serve != "":
		return runServer(ctx, []byte(*serve))
	case *floor != "":
		return runFloor(ctx, []byte(*floor))
	case *generate != "":
		return runGenerator(ctx, []byte(*generate))
	case flag.NArg() > 0 || o.rounds < 1 || o.span < 100*time.Millisecond:
		return errors.New("needs at least one round of 100 ms, and takes no arguments; see -help")
	}
	o.sections = strings.Split(*wanted, ",")
	return measureAll(ctx, o)
}

func measureAll(ctx context.Context, o options) error {
	if err := raiseOpenFiles(); err != nil {
		return err
	}
	if o.profile != "" {
		if err := os.MkdirAll(o.profile, 0o755); err != nil {
			return err
		}
	}
	b := newBench(o)
	known := map[string]func(context.Context, *bench) error{}
	for _, s := range sections() {
		known[s.name] = s.run
	}
	for _, name := range o.sections {
		if known[name] == nil {
			return fmt.Errorf("there is no section %q", name)
		}
	}
	var failed error
	for _, name := range o.sections {
		if failed = known[name](ctx, b); failed != nil {
			failed = fmt.Errorf("%s: %w", name, failed)
			break // what was measured is still written
		}
	}
	b.report.end()
	b.report.printChecks(os.Stdout)
	if o.out == "" {
		return failed
	}
	return errors.Join(failed, command.WriteReport(o.out, b.report))
}
