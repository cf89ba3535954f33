//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// injector does what a plan says, and takes it back.
type injector struct {
	plane   *plane
	network *network
	ledger  *ledger
	say     func(format string, args ...any)
	wrong   func(format string, args ...any)

	mu       sync.Mutex
	paused   map[string]bool // servers
	weathers []*fault        // of the network, that are on
	disks    int             // faults that want the disk full
	downs    int             // faults that want the control plane down
	frozen   int             // faults that want it paused
	latest   picture
}

// run begins each fault at its time and returns when all of them are over.
func (in *injector) run(ctx context.Context, faults []fault) {
	began := time.Now()
	var going sync.WaitGroup
	for _, f := range faults {
		if !rest(ctx, time.Until(began.Add(f.At))) {
			break
		}
		going.Go(func() { in.inject(ctx, f) })
	}
	going.Wait()
}

// see takes a picture in, to choose servers from.
func (in *injector) see(p picture) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.latest = p
}

// inject does one fault. Faults of one kind may overlap: the last one that ends takes it back.
func (in *injector) inject(ctx context.Context, f fault) {
	switch f.Kind {
	case killServer, pauseServer:
		in.hurtServer(ctx, f)
	case killPlane:
		in.during(ctx, f, thePlane, &in.downs, in.plane.kill, in.plane.revive)
	case pausePlane:
		in.during(ctx, f, thePlane, &in.frozen, func() { in.plane.signal(syscall.SIGSTOP) }, func() { in.plane.signal(syscall.SIGCONT) })
	case fillDisk:
		in.during(ctx, f, thePlane, &in.disks, in.fillDisk, in.emptyDisk)
	case slowNet, cutNet, cutHalf:
		in.say("%s", f)
		h := in.ledger.begin(f, theNetwork, time.Now())
		in.weather(&f, true)
		rest(ctx, f.For)
		in.weather(&f, false)
		in.ledger.end(h, time.Now())
	}
}

// during holds something for the length of a fault.
func (in *injector) during(ctx context.Context, f fault, victim string, count *int, begin, end func()) {
	in.say("%s", f)
	h := in.ledger.begin(f, victim, time.Now())
	in.mu.Lock()
	if *count++; *count == 1 {
		begin()
	}
	in.mu.Unlock()
	rest(ctx, f.For)
	in.mu.Lock()
	if *count--; *count == 0 {
		end()
	}
	in.mu.Unlock()
	in.ledger.end(h, time.Now())
}

func (in *injector) fillDisk() {
	in.plane.tolerate(true)
	if err := fill(in.plane.dir); err != nil {
		in.wrong("the disk could not be filled: %v", err)
	}
}

func (in *injector) emptyDisk() {
	if err := empty(in.plane.dir); err != nil {
		in.wrong("the disk could not be emptied: %v", err)
	}
	in.plane.tolerate(false)
}

// weather makes the network what the faults that are on want together: the worst of each.
func (in *injector) weather(f *fault, on bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.weathers = slices.DeleteFunc(in.weathers, func(w *fault) bool { return w == f })
	if on {
		in.weathers = append(in.weathers, f)
	}
	var toServers, toPlayers weather
	for _, w := range in.weathers {
		for _, to := range []*weather{&toServers, &toPlayers} {
			to.Delay, to.Jitter, to.Loss = max(to.Delay, w.Delay), max(to.Jitter, w.Jitter), max(to.Loss, w.Loss)
		}
		toServers.Cut = toServers.Cut || w.Kind == cutNet || w.Kind == cutHalf && w.ToServers
		toPlayers.Cut = toPlayers.Cut || w.Kind == cutNet || w.Kind == cutHalf && !w.ToServers
	}
	in.network.toServers.set(toServers)
	in.network.toPlayers.set(toPlayers)
}

// hurtServer kills or pauses an open server that is not hurt already, preferring those with players.
func (in *injector) hurtServer(ctx context.Context, f fault) {
	in.mu.Lock()
	var all, busy []*greenroomv1.Server
	for _, s := range in.latest.servers {
		if s.GetState() == greenroomv1.ServerState_SERVER_STATE_OPEN && !in.paused[s.GetName()] {
			all = append(all, s)
			if s.GetSeatsClaimed() > 0 {
				busy = append(busy, s)
			}
		}
	}
	if len(busy) > 0 {
		all = busy
	}
	if len(all) == 0 {
		in.mu.Unlock()
		in.say("%s: there is none to choose", f.Kind)
		return
	}
	s := all[int(f.Pick*float64(len(all)))]
	in.paused[s.GetName()] = true // who is killed is not chosen again either
	in.mu.Unlock()
	in.say("%s: %s (%s, %d sessions, %d players)", f, s.GetName(), s.GetProviderRef(), s.GetSessions(), s.GetSeatsClaimed())
	pid, err := strconv.Atoi(strings.TrimPrefix(s.GetProviderRef(), "pid "))
	if err != nil || !isServer(pid, s.GetName()) {
		in.say("%s has ended meanwhile", s.GetName())
		return
	}
	h := in.ledger.begin(f, s.GetName(), time.Now())
	if f.Kind == killServer {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	} else {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		rest(ctx, f.For)
		_ = syscall.Kill(pid, syscall.SIGCONT)
		in.mu.Lock()
		delete(in.paused, s.GetName())
		in.mu.Unlock()
	}
	in.ledger.end(h, time.Now())
}

// isServer tells whether a process is that server's.
func isServer(pid int, server string) bool {
	name, _ := serverOf(pid)
	return name == server
}

// serverOf answers which server a process is, by its environment, and the file that tells it where its control plane is.
func serverOf(pid int) (server, link string) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return "", ""
	}
	for _, variable := range strings.Split(string(text), "\x00") {
		if name, is := strings.CutPrefix(variable, "GREENROOM_SERVER="); is {
			server = name
		}
		if file, is := strings.CutPrefix(variable, "GREENROOM_LINK_FILE="); is {
			link = file
		}
	}
	return server, link
}

// processes answers the processes that live of the servers of a data folder: server by process.
func processes(dir string) (map[int]string, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	found := map[int]string{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if server, link := serverOf(pid); server != "" && filepath.Dir(link) == dir {
				found[pid] = server
			}
		}
	}
	return found, nil
}
