//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/bot"
)

// What a run has beside its options.
const (
	diskBytes   = 64 << 20
	lookEvery   = 200 * time.Millisecond
	botsWait    = 40 * time.Second // until all bots are in
	patience    = 20 * time.Second // for one session's history
	joinersWait = 20 * time.Second // until their last visits are over
	reportWait  = time.Minute
	lastWords   = 2500 * time.Millisecond // in which each bot says something that all others can have heard
)

// world is one run: the control plane and its servers on this side of the network, the players on the other.
type world struct {
	o       options
	began   time.Time
	plane   *plane
	network *network
	ledger  *ledger
	inject  *injector
	players *exec.Cmd
	tell    io.WriteCloser // to the players
	heard   sync.WaitGroup // the players' output

	mu      sync.Mutex
	broken  []string // what must not be
	history []op
	losses  map[kind]int // players cut off by a fault
	opened  map[kind]int // tickets that a fault kept from opening their room
	notes   []note       // lost and unopened: judged at the end, when all faults are known
	trouble []note
	reports map[string]*bot.Report
	ended   chan struct{} // the joiners have
	settled time.Duration // until the fleet had converged
}

func newWorld(o options) *world {
	w := &world{
		o: o, began: time.Now(), ledger: newLedger(), losses: map[kind]int{}, opened: map[kind]int{},
		reports: map[string]*bot.Report{}, ended: make(chan struct{}),
	}
	w.plane = &plane{binary: o.Binary, dir: filepath.Join(o.Out, "data"), host: serversAddr, ports: serverPorts, wrong: w.wrong}
	return w
}

// say prints a line of what happens.
func (w *world) say(format string, args ...any) {
	fmt.Printf("%7.1fs  %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

// wrong notes what must not be.
func (w *world) wrong(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.say("WRONG: %s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, text)
}

// run is the whole of it. The error says what kept it from running.
func (w *world) run(ctx context.Context) error {
	if err := w.open(ctx); err != nil {
		return err
	}
	watched, unwatch := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { w.watch(watched) })
	watching.Go(func() { w.plane.keep(watched) })
	if w.network != nil {
		watching.Go(func() { w.network.run(watched) })
	}
	err := w.torture(ctx)
	unwatch()
	watching.Wait()
	if err != nil {
		return err
	}
	if err := w.plane.stop(); err != nil {
		w.wrong("stop the control plane: %v", err)
	}
	running, err := processes(w.plane.dir)
	for pid, server := range running {
		w.wrong("process %d of server %s has outlived everything", pid, server)
	}
	return err
}

// open brings the world about: a disk, a control plane with a fleet, and players behind a network.
func (w *world) open(ctx context.Context) error {
	here, err := w.openHere()
	if err != nil {
		return err
	}
	if w.plane.log, err = os.Create(filepath.Join(w.o.Out, "plane.log")); err != nil {
		return err
	}
	if err := w.plane.start(); err != nil {
		return err
	}
	token, err := w.plane.dial(ctx)
	if err == nil {
		err = w.plane.apply(ctx, w.o.Manifest)
	}
	if err != nil {
		return err
	}
	task, err := json.Marshal(playersTask{
		Seed: w.o.Seed, API: w.plane.url, Token: token, Bots: w.o.Bots, Sessions: w.o.Sessions, Hz: 5, Doors: w.o.Doors, Joiners: w.o.Joiners, Keys: w.o.Keys,
	})
	if err != nil {
		return err
	}
	w.players = exec.Command("/proc/self/exe", rolePlayers, string(task))
	w.players.Stderr = os.Stderr
	out, err := w.players.StdoutPipe()
	if err != nil {
		return err
	}
	if w.tell, err = w.players.StdinPipe(); err != nil {
		return err
	}
	if w.o.Bare {
		err = w.players.Start()
	} else {
		w.network, err = startBehind(w.players, here)
	}
	if err != nil {
		return err
	}
	w.heard.Go(func() { w.hear(out) })
	w.inject = &injector{plane: w.plane, network: w.network, ledger: w.ledger, say: w.say, wrong: w.wrong, paused: map[string]bool{}}
	return nil
}

// openHere makes the disk and this end of the network; without namespaces there is neither, and what is used is the machine's.
func (w *world) openHere() (io.ReadWriteCloser, error) {
	if w.o.Bare {
		w.plane.host, w.plane.port, w.plane.ports = "127.0.0.1", freePort(), "21000-21099"
		return nil, errors.Join(os.RemoveAll(w.plane.dir), os.MkdirAll(w.plane.dir, 0o700))
	}
	w.plane.port = apiPort
	if err := mountDisk(w.plane.dir, diskBytes); err != nil {
		return nil, err
	}
	return openDevice(serversAddr)
}

// hear reads what the players say.
func (w *world) hear(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var n note
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			w.wrong("the players said %q", lines.Text())
			continue
		}
		w.mu.Lock()
		switch n.What {
		case noteOp:
			w.history = append(w.history, *n.Op)
		case noteLost, noteUnopened:
			w.notes = append(w.notes, n)
		case noteTrouble:
			w.trouble = append(w.trouble, n)
		case noteReport:
			w.reports[n.Door] = n.Report
		case noteDone:
			close(w.ended)
		}
		w.mu.Unlock()
	}
}

// watch looks at the control plane over and over.
func (w *world) watch(ctx context.Context) {
	for rest(ctx, lookEvery) {
		if p, err := w.plane.look(ctx); err == nil {
			w.ledger.see(p, time.Now())
			w.inject.see(p)
		}
	}
}

// torture has the players come, hurts everything, and waits until all is well again.
func (w *world) torture(ctx context.Context) error {
	if err := w.await(ctx, "the bots", botsWait, true); err != nil {
		return err
	}
	w.say("%d bots play in %d sessions by %v; %d joiners meet in %d sessions", w.o.Bots*len(w.o.Doors), w.o.Sessions*len(w.o.Doors), w.o.Doors, w.o.Joiners, w.o.Keys)
	fmt.Fprintln(w.tell, sayJoin)
	w.inject.run(ctx, plan(w.o.Seed, w.o.For, w.o.Every, w.o.deck()))
	w.say("all faults are over")
	fmt.Fprintln(w.tell, sayEnd)
	select {
	case <-w.ended:
	case <-time.After(joinersWait):
		w.wrong("the joiners have not ended %s after they were told to", joinersWait)
	}
	over := time.Now()
	if err := w.await(ctx, "everything to be as it should", w.o.Converge, w.o.Ghosts); err != nil {
		w.wrong("%v", err)
	}
	w.settled = time.Since(over)
	rest(ctx, lastWords)
	fmt.Fprintln(w.tell, sayStop)
	stuck := time.AfterFunc(reportWait, func() { _ = w.players.Process.Kill() })
	defer stuck.Stop()
	w.heard.Wait()
	return w.players.Wait()
}

// await waits until nothing is amiss. Without ghosts, the sessions of the joiners may still be there.
func (w *world) await(ctx context.Context, what string, limit time.Duration, ghosts bool) error {
	bots := map[string]int{}
	for _, door := range w.o.Doors {
		for i := range w.o.Bots {
			bots[fmt.Sprintf("%s/%s-%d", botsRoute, door, 1+i%w.o.Sessions)]++
		}
	}
	var left []string
	for began := time.Now(); time.Since(began) < limit; {
		p, err := w.plane.look(ctx)
		running, err2 := processes(w.plane.dir)
		if err == nil && err2 == nil {
			if !ghosts {
				p.sessions = withoutJoiners(p.sessions)
			}
			if left = amiss(p, running, bots); len(left) == 0 {
				w.say("waited %.1f s for %s", time.Since(began).Seconds(), what)
				return nil
			}
		} else {
			left = []string{fmt.Sprint(err, err2)}
		}
		if !rest(ctx, lookEvery) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("waited %s for %s: %q", limit, what, left)
}
