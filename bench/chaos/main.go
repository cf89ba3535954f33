//go:build linux

// Command chaos hurts a real Greenroom while bots play in it: room servers and the control plane are killed and paused, the
// disk fills up, and the network between players and servers becomes slow, loses packets or is cut, by a seed. When the faults are
// over all must be well again; the history of joins must be one that rules I1 and I2 allow; and nobody may have been cut off by
// anything but a fault of their own server or network. docs/guides/chaos.md says how to read what it prints.
//
// It runs on Linux, in namespaces of its own, as root or by user namespaces, and everything ends with them. Where there are none
// it says so, and kills and pauses alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Exit codes.
const (
	exitOK      = 0
	exitBroken  = 1 // something was not as it must be
	exitUsage   = 2
	exitNoWorld = 3 // the run did not come about
	exitNoRoom  = 4 // of process 1: the namespaces could not be set up
)

// options are the command's.
type options struct {
	Seed     uint64
	For      time.Duration
	Every    time.Duration
	Binary   string
	Manifest string
	Out      string
	Bots     int // for each transport
	Sessions int // for each transport
	Doors    []string
	Joiners  int
	Keys     int
	Converge time.Duration
	Ghosts   bool
	Bare     bool
}

// deck is the faults that can be done.
func (o options) deck() []kind {
	if o.Bare {
		return []kind{killServer, pauseServer, killPlane, pausePlane}
	}
	return kinds[:]
}

func main() {
	args := os.Args[1:]
	if len(args) > 0 {
		switch args[0] {
		case roleInit:
			os.Exit(asInit(args[1:]))
		case roleWorld:
			os.Exit(asWorld(args[1:]))
		case rolePlayers:
			os.Exit(asPlayers(args[1:]))
		}
	}
	o, err := parse(args)
	if err != nil {
		os.Exit(exitUsage)
	}
	if o.Bare {
		os.Exit(asWorld(o.args()))
	}
	code, err := enclose(o.args())
	if err != nil || code == exitNoRoom {
		fmt.Fprintf(os.Stderr, "chaos: there are no namespaces here (%v), so the disk and the network are left alone: it takes root, or user namespaces\n", err)
		o.Bare = true
		code = asWorld(o.args())
	}
	os.Exit(code)
}

func parse(args []string) (options, error) {
	var o options
	doors := ""
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.Uint64Var(&o.Seed, "seed", 0, "of the faults; 0: a random one, which is printed")
	flags.DurationVar(&o.For, "for", 90*time.Second, "how long faults begin")
	flags.DurationVar(&o.Every, "every", 6*time.Second, "the longest time from one fault to the next; the shortest is a quarter of it")
	flags.StringVar(&o.Binary, "binary", "bin/greenroom", "the program to hurt")
	flags.StringVar(&o.Manifest, "manifest", "bench/chaos/chaos.yaml", "its fleets and routes")
	flags.StringVar(&o.Out, "out", ".build/chaos", "folder for logs, the history and pictures")
	flags.IntVar(&o.Bots, "bots", 24, "bots for each transport")
	flags.IntVar(&o.Sessions, "sessions", 3, "their sessions, for each transport")
	flags.StringVar(&doors, "doors", "ws,mqtt,udp", "the bots' transports")
	flags.IntVar(&o.Joiners, "joiners", 8, "clients that come and go, and write their joins down")
	flags.IntVar(&o.Keys, "keys", 12, "sessions that the joiners meet in")
	flags.DurationVar(&o.Converge, "converge", 90*time.Second, "how long all may take to be well again")
	flags.BoolVar(&o.Ghosts, "ghosts", true, "wait also until seats that nobody claimed are free: 65 s and more")
	flags.BoolVar(&o.Bare, "bare", false, "without namespaces: leave the disk and the network alone")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.Doors = strings.Split(doors, ",")
	for o.Seed == 0 {
		o.Seed = rand.Uint64N(1_000_000)
	}
	return o, nil
}

// args are the options as arguments, for the processes inside.
func (o options) args() []string {
	return []string{
		fmt.Sprint("-seed=", o.Seed), fmt.Sprint("-for=", o.For), fmt.Sprint("-every=", o.Every), "-binary=" + o.Binary, "-manifest=" + o.Manifest, "-out=" + o.Out,
		fmt.Sprint("-bots=", o.Bots), fmt.Sprint("-sessions=", o.Sessions), "-doors=" + strings.Join(o.Doors, ","), fmt.Sprint("-joiners=", o.Joiners),
		fmt.Sprint("-keys=", o.Keys), fmt.Sprint("-converge=", o.Converge), fmt.Sprint("-ghosts=", o.Ghosts),
		fmt.Sprint("-bare=", o.Bare),
	}
}

// asWorld runs it, judges, and prints.
func asWorld(args []string) int {
	o, err := parse(args)
	if err == nil {
		o.Out, err = filepath.Abs(o.Out)
	}
	if err == nil {
		o.Binary, err = filepath.Abs(o.Binary)
	}
	if err == nil {
		err = os.MkdirAll(o.Out, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return exitUsage
	}
	w := newWorld(o)
	fmt.Printf("seed %d: make chaos SEED=%d does the same faults again\n", o.Seed, o.Seed)
	fmt.Print("faults: signals to processes")
	if !o.Bare {
		fmt.Printf("; a full tmpfs of %d MiB under the data folder; packets delayed, lost and cut off between TUN devices in two network namespaces", diskBytes>>20)
	}
	fmt.Println()
	if err := w.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return exitNoWorld
	}
	w.judge()
	w.print(os.Stdout)
	if len(w.broken) > 0 {
		return exitBroken
	}
	return exitOK
}
