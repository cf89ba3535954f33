// Package providertest owns the conformance suite of provider.Provider. It asks real servers, not fakes: those that live
// until they are stopped of every engine, and shell scripts of engines that start processes.
package providertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// patience bounds every wait of the suite.
const patience = 20 * time.Second

// Subject is a provider under test.
type Subject struct {
	// Open gives the provider, running, and a function that ends it as the end of a control plane does: its servers go
	// on. Opened again after that, it works on the same ground.
	Open func(t *testing.T) (p provider.Provider, end func())
	// Spec gives a fleet's spec whose servers run a POSIX shell script and have ports called "game" and "query" (UDP). nil:
	// the engine starts no processes, and Lasting is set.
	Spec func(script string) model.FleetSpec
	// Lasting gives a spec for at least four servers that live until they are stopped; nil: scripts that sleep.
	Lasting func() model.FleetSpec
	// ID names the n-th server, from 1, of fleet "rooms"; nil: "rooms-<n>".
	ID func(n int) model.ServerID
}

// Run checks a provider against the interface's words. subject is called for each part of the suite.
func Run(t *testing.T, subject func(t *testing.T) Subject) {
	all := map[string]func(*suite){
		"a server lives and dies":          (*suite).lives,
		"found again after a restart":      (*suite).foundAgain,
		"remembered until forgotten":       (*suite).remembered,
		"a stop outlives a restart":        (*suite).stopOutlives,
		"watch":                            (*suite).watches,
		"check takes a good spec":          (*suite).checks,
		"unknown servers":                  (*suite).unknown,
		"several servers at the same time": (*suite).several,
	}
	if subject(t).Spec != nil {
		maps.Copy(all, map[string]func(*suite){
			"environment and ports":       (*suite).environment,
			"exit status":                 (*suite).exits,
			"stop is polite first":        (*suite).stopsPolitely,
			"stop ends a stubborn server": (*suite).stopsStubborn,
			"a slow stop outlives too":    (*suite).slowStopOutlives,
			"logs":                        (*suite).logs,
			"ports are given once":        (*suite).ports,
		})
	}
	for name, part := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &suite{T: t, Subject: subject(t)}
			if s.ID == nil {
				s.ID = func(n int) model.ServerID { return model.ServerID(fmt.Sprintf("rooms-%d", n)) }
			}
			if s.Lasting == nil {
				s.Lasting = func() model.FleetSpec { return s.Spec("echo up; " + sleeper) }
			}
			s.open()
			s.Cleanup(func() { s.end() }) // after the servers' own
			part(s)
		})
	}
}

const sleeper = "trap 'exit 0' INT; while :; do sleep 1 & wait $!; done"

type suite struct {
	*testing.T
	Subject
	p   provider.Provider
	end func()
}

func (s *suite) open() {
	s.p, s.end = s.Open(s.T)
}

// reopen ends the provider and opens it again.
func (s *suite) reopen() {
	s.end()
	s.open()
}

// last starts the n-th server, which lives until it is stopped.
func (s *suite) last(n int) provider.Instance {
	s.Helper()
	return s.begin(s.ID(n), s.Lasting())
}

// start starts a server that runs a script.
func (s *suite) start(id model.ServerID, script string) provider.Instance {
	s.Helper()
	return s.begin(id, s.Spec(script))
}

// begin starts a server that is stopped at the end of the test at the latest.
func (s *suite) begin(id model.ServerID, spec model.FleetSpec) provider.Instance {
	s.Helper()
	in, err := s.p.Start(s.Context(), provider.Start{
		ID: id, Fleet: "rooms", Spec: spec, Env: map[string]string{"GREENROOM_LINK": "http://127.0.0.1:1"}, Revision: 7,
	})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		ctx := context.WithoutCancel(s.Context())
		if err := s.p.Stop(ctx, id); err != nil {
			s.Error(err)
		}
		s.until("its end", func() bool { return !s.look(id).Running })
	})
	return in
}

func (s *suite) look(id model.ServerID) provider.Instance {
	s.Helper()
	all, err := s.p.Observe(context.WithoutCancel(s.Context()))
	if err != nil {
		s.Fatal(err)
	}
	i := slices.IndexFunc(all, func(in provider.Instance) bool { return in.ID == id })
	if i < 0 {
		return provider.Instance{}
	}
	return all[i]
}

func (s *suite) until(what string, ok func() bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			s.Errorf("waited in vain for: %s", what)
			return
		case <-tick.C:
		}
	}
}

func (s *suite) output(id model.ServerID, tail int) string {
	s.Helper()
	var out bytes.Buffer
	if err := s.p.Logs(s.Context(), id, tail, false, &out); err != nil {
		s.Fatal(err)
	}
	return out.String()
}

func (s *suite) says(id model.ServerID, text string) {
	s.Helper()
	s.until(fmt.Sprintf("%q in the log", text), func() bool { return strings.Contains(s.output(id, 1000), text) })
}

func (s *suite) lives() {
	in := s.last(1)
	if !in.Running || in.ID != s.ID(1) || in.Fleet != "rooms" || in.Ref == "" || in.Host == "" || in.StartedAt.IsZero() || in.Revision != 7 {
		s.Errorf("instance: %+v", in)
	}
	again := s.last(1)
	if again.Ref != in.Ref {
		s.Errorf("started again it is %s, not %s", again.Ref, in.Ref)
	}
	if err := s.p.Forget(s.Context(), in.ID); err == nil || s.look(in.ID).ID == "" {
		s.Error("a server that runs was forgotten")
	}
	for range 2 {
		if err := s.p.Stop(s.Context(), in.ID); err != nil {
			s.Error(err)
		}
	}
	s.until("its end", func() bool { return !s.look(in.ID).Running })
	if got := s.look(in.ID); !got.Stopping || got.Exit == "" {
		s.Errorf("after its end: %+v", got)
	}
	if err := s.p.Forget(s.Context(), in.ID); err != nil {
		s.Error(err)
	}
	if got := s.look(in.ID); got.ID != "" {
		s.Errorf("after it was forgotten: %+v", got)
	}
}

func (s *suite) environment() {
	in := s.start("rooms-1", "env; echo done; "+sleeper)
	s.says("rooms-1", "done")
	out := "\n" + s.output("rooms-1", 1000)
	for _, line := range []string{
		"GREENROOM_SERVER=rooms-1", "GREENROOM_FLEET=rooms", "GREENROOM_HOST=" + in.Host,
		"GREENROOM_LINK=http://127.0.0.1:1", fmt.Sprintf("GREENROOM_PORT_GAME=%d", in.Ports["game"]),
		fmt.Sprintf("GREENROOM_PORT_QUERY=%d", in.Ports["query"]),
	} {
		if !strings.Contains(out, "\n"+line+"\n") {
			s.Errorf("the environment lacks %s", line)
		}
	}
	if in.Ports["game"] == 0 || in.Ports["query"] == 0 || in.Ports["game"] == in.Ports["query"] {
		s.Errorf("ports: %v", in.Ports)
	}
}

func (s *suite) exits() {
	s.start("rooms-1", "exit 3")
	s.start("rooms-2", "kill -9 $$")
	s.until("both ends", func() bool { return !s.look("rooms-1").Running && !s.look("rooms-2").Running })
	if got := s.look("rooms-1"); got.Exit != "exit status 3" || got.Stopping {
		s.Errorf("after exit 3: %+v", got)
	}
	if got := s.look("rooms-2"); got.Exit != "signal: killed" {
		s.Errorf("after kill -9: %+v", got)
	}
}

func (s *suite) stopsPolitely() {
	s.start("rooms-1", "trap 'echo asked to stop; exit 7' INT; echo up; while :; do sleep 1 & wait $!; done")
	s.says("rooms-1", "up")
	if err := s.p.Stop(s.Context(), "rooms-1"); err != nil {
		s.Fatal(err)
	}
	s.until("its end", func() bool { return !s.look("rooms-1").Running })
	s.says("rooms-1", "asked to stop")
	if got := s.look("rooms-1").Exit; got != "exit status 7" {
		s.Errorf("exit: %s", got)
	}
}

func (s *suite) stopsStubborn() {
	s.start("rooms-1", "trap 'echo not INT' INT; trap 'echo not TERM' TERM; echo up; while :; do sleep 1 & wait $!; done")
	s.says("rooms-1", "up")
	if err := s.p.Stop(s.Context(), "rooms-1"); err != nil {
		s.Fatal(err)
	}
	s.until("its end", func() bool { return !s.look("rooms-1").Running })
	if out := s.output("rooms-1", 1000); !strings.Contains(out, "not INT") || !strings.Contains(out, "not TERM") {
		s.Errorf("it was not asked politely first: %s", out)
	}
	if got := s.look("rooms-1").Exit; got != "signal: killed" {
		s.Errorf("exit: %s", got)
	}
}

// lockedBuffer is a writer that may be read at the same time.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (s *suite) logs() {
	s.start("rooms-1", "for i in 1 2 3 4; do echo line $i; done; echo error >&2; echo up; "+sleeper)
	s.says("rooms-1", "up")
	if got := s.output("rooms-1", 3); got != "line 4\nerror\nup\n" {
		s.Errorf("last 3 lines: %q", got)
	}
	ctx, cancel := context.WithCancel(s.Context())
	var out lockedBuffer
	ended := make(chan error, 1)
	go func() { ended <- s.p.Logs(ctx, "rooms-1", 1, true, &out) }()
	s.until("the last line", func() bool { return out.String() == "up\n" })
	s.start("rooms-2", "echo of another server; "+sleeper)
	if err := s.p.Stop(s.Context(), "rooms-1"); err != nil {
		s.Error(err)
	}
	s.until("its end", func() bool { return !s.look("rooms-1").Running })
	cancel()
	if err := <-ended; err != nil {
		s.Error(err)
	}
	if strings.Contains(out.String(), "another") {
		s.Errorf("followed: %q", out.String())
	}
	if got := s.output("rooms-1", 1); got != "up\n" {
		s.Errorf("a server's log does not outlive it: %q", got)
	}
}

func (s *suite) foundAgain() {
	before := s.last(1)
	s.reopen()
	after := s.look(before.ID)
	if !after.Running || after.Ref != before.Ref || after.Host != before.Host || after.Fleet != "rooms" || after.Node != before.Node ||
		after.Revision != before.Revision || after.Ports["game"] != before.Ports["game"] || !after.StartedAt.Equal(before.StartedAt) {
		s.Errorf("before %+v, found again %+v", before, after)
	}
	if other := s.last(2); other.Ref == before.Ref {
		s.Errorf("two servers are both %s", other.Ref)
	}
	if err := s.p.Stop(s.Context(), before.ID); err != nil {
		s.Error(err)
	}
	s.until("its end", func() bool { return !s.look(before.ID).Running })
}

func (s *suite) ports() {
	before := s.start("rooms-1", "echo one; "+sleeper)
	s.says("rooms-1", "one")
	s.reopen()
	s.says("rooms-1", "one")
	if other := s.start("rooms-2", sleeper); other.Ports["game"] == before.Ports["game"] {
		s.Error("a port was given out twice")
	}
}

func (s *suite) remembered() {
	in := s.last(1)
	if err := s.p.Stop(s.Context(), in.ID); err != nil {
		s.Error(err)
	}
	s.until("its end", func() bool { return !s.look(in.ID).Running })
	s.reopen()
	got := s.look(in.ID)
	if got.Running || got.ID != in.ID || got.Exit == "" {
		s.Errorf("found again: %+v", got)
	}
	if err := s.p.Forget(s.Context(), in.ID); err != nil {
		s.Error(err)
	}
	s.reopen()
	if got := s.look(in.ID); got.ID != "" {
		s.Errorf("forgotten, and there again: %+v", got)
	}
}

func (s *suite) stopOutlives() {
	in := s.last(1)
	if err := s.p.Stop(s.Context(), in.ID); err != nil {
		s.Fatal(err)
	}
	s.reopen()
	if !s.look(in.ID).Stopping {
		s.Error("the stop was forgotten")
	}
	s.until("its end", func() bool { return !s.look(in.ID).Running })
}

func (s *suite) slowStopOutlives() {
	s.start("rooms-1", "trap '' INT TERM; echo up; while :; do sleep 1 & wait $!; done")
	s.says("rooms-1", "up")
	if err := s.p.Stop(s.Context(), "rooms-1"); err != nil {
		s.Fatal(err)
	}
	s.reopen()
	if !s.look("rooms-1").Stopping {
		s.Error("the stop was forgotten")
	}
	s.until("its end", func() bool { return !s.look("rooms-1").Running })
}

func (s *suite) watches() {
	ctx, cancel := context.WithCancel(s.Context())
	changes := s.p.Watch(ctx)
	wait := func(what string) {
		s.Helper()
		select {
		case _, ok := <-changes:
			if !ok {
				s.Fatal("the watch ended")
			}
		case <-time.After(patience):
			s.Fatalf("no signal for %s", what)
		}
	}
	in := s.last(1)
	wait("the start")
	if err := s.p.Stop(s.Context(), in.ID); err != nil {
		s.Fatal(err)
	}
	for s.look(in.ID).Running {
		wait("the end")
	}
	cancel()
	for range changes { // a signal may be left; then it is closed
	}
}

func (s *suite) checks() {
	if err := s.p.Check(s.Lasting()); err != nil {
		s.Error(err)
	}
}

func (s *suite) unknown() {
	if err := s.p.Stop(s.Context(), "rooms-9"); err != nil {
		s.Errorf("stop: %v", err)
	}
	if err := s.p.Forget(s.Context(), "rooms-9"); err != nil {
		s.Errorf("forget: %v", err)
	}
	if err := s.p.Logs(s.Context(), "rooms-9", 10, false, &bytes.Buffer{}); !errors.Is(err, provider.ErrNotFound) {
		s.Errorf("logs: %v", err)
	}
}

func (s *suite) several() {
	const n = 4
	refs, ports := map[string]bool{}, map[int]bool{}
	for i := range n {
		in := s.last(i + 1)
		refs[in.Ref] = true
		for _, port := range in.Ports {
			if ports[port] {
				s.Errorf("port %d was given out twice", port)
			}
			ports[port] = true
		}
	}
	all, err := s.p.Observe(s.Context())
	if err != nil || len(all) != n || len(refs) != n {
		s.Errorf("observed %d servers, which are %v: %v", len(all), refs, err)
	}
}
