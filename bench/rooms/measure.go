package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"greenroom.dev/greenroom/internal/usage"
)

// sample is one measurement of one server.
type sample struct {
	CPUPerMillion float64 `json:"cpu_seconds_per_million"` // the server's, of deliveries
	Cores         float64 `json:"cores"`                   // the server's CPU seconds a second
	P50           float64 `json:"latency_ms_p50"`
	P99           float64 `json:"latency_ms_p99"`
	RSSMiB        float64 `json:"rss_mib"`
	Delivered     float64 `json:"delivered_percent"`
	PerSecond     float64 `json:"deliveries_per_second"`
	LoadCores     float64 `json:"load_cores"`       // the load generator's
	OtherCores    float64 `json:"other_cores"`      // everybody else's on this machine: 0 is idle
	LateP99       float64 `json:"sent_late_ms_p99"` // the load generator's lack of CPU

	outcome outcome
	rss     uint64
	memory  memory // Greenroom's, as are the metrics at the end
	metrics map[string]float64
}

// moment is what has been used at one time.
type moment struct {
	at        time.Time
	cpu, busy time.Duration
}

func (s *subject) moment() (m moment, err error) {
	var err1, err2 error
	m.at = time.Now()
	m.cpu, err1 = s.cpu()
	m.busy, _, err2 = usage.Machine()
	return m, errors.Join(err1, err2)
}

// settleTime is how long members are in before anything counts.
const settleTime = time.Second

// measure starts a server, puts the load on it and stops it.
func measure(ctx context.Context, start starter, spec loadSpec) (result sample, err error) {
	s, err := start.start(ctx)
	if err != nil {
		return result, err
	}
	defer s.stop()
	spec.Wire, spec.Tickets = start.wire, s.greenroom
	if spec.Addr = s.addr[door(spec.Wire)]; spec.Addr == "" {
		return result, fmt.Errorf("%s has no address for %s", s.Name, spec.Wire)
	}
	return s.under(ctx, spec)
}

// door is the name of a wire's port.
func door(wire string) string {
	switch wire {
	case wsPositions:
		return wsStates
	case udpPositions:
		return "udp"
	}
	return wire
}

// under puts the load on a running server.
func (s *subject) under(ctx context.Context, spec loadSpec) (result sample, err error) {
	if spec.Warm == 0 {
		spec.Warm = settleTime
	}
	gen, lines, err := generatorProcess(ctx, spec)
	if err != nil {
		return result, err
	}
	defer gen.stop()
	var at [2]moment
	for i := range at { // the generator says when counting starts and when it ends
		if _, err := lines.ReadString('\n'); err != nil {
			return result, fmt.Errorf("load on %s ended early: %w", s.Name, errors.Join(err, gen.cmd.Wait()))
		}
		if at[i], err = s.moment(); err != nil {
			return result, err
		}
	}
	if result.rss, err = s.rss(); err != nil {
		return result, err
	}
	if s.greenroom {
		if result.memory, err = s.memory(); err != nil {
			return result, err
		}
		if result.metrics, err = usage.Scrape(ctx, http.DefaultClient, "http://"+s.addr["ws"]+"/metrics"); err != nil {
			return result, err
		}
	}
	gen.stdin.Close()
	text, err := io.ReadAll(lines)
	if err := errors.Join(err, json.Unmarshal(text, &result.outcome), gen.cmd.Wait()); err != nil {
		return result, fmt.Errorf("load on %s: %w", s.Name, err)
	}
	result.sum(at)
	return result, nil
}

func (r *sample) sum(at [2]moment) {
	span := at[1].at.Sub(at[0].at).Seconds()
	cpu := (at[1].cpu - at[0].cpu).Seconds()
	o := &r.outcome
	r.Cores = cpu / span
	r.LoadCores = o.CPUSeconds / span
	r.OtherCores = max(0, (at[1].busy-at[0].busy).Seconds()/span-r.Cores-r.LoadCores)
	r.P50, r.P99, r.LateP99 = o.P50, o.P99, o.LateP99
	r.RSSMiB = float64(r.rss) / (1 << 20)
	if o.Delivered > 0 {
		r.CPUPerMillion = cpu / float64(o.Delivered) * 1e6
		r.PerSecond = float64(o.Delivered) / o.Seconds
	}
	if o.Expected > 0 {
		r.Delivered = 100 * float64(o.Delivered) / o.Expected
	}
}

// child is a load generator's process.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func (c child) stop() { _ = c.cmd.Process.Kill() }

func generatorProcess(ctx context.Context, spec loadSpec) (c child, lines *bufio.Reader, err error) {
	self, err := os.Executable()
	if err != nil {
		return c, nil, err
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return c, nil, err
	}
	c.cmd = exec.CommandContext(ctx, self, "-generate", string(text))
	c.cmd.Stderr = os.Stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return c, nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return c, nil, err
	}
	return c, bufio.NewReader(out), c.cmd.Start()
}

// raiseOpenFiles lets this process and those it starts hold a connection for each of so many members.
func raiseOpenFiles() error {
	const wanted = 32_000
	var have unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &have); err != nil {
		return err
	}
	if have.Cur >= wanted {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: wanted, Max: max(wanted, have.Max)}); err == nil {
		return nil
	}
	if have.Max < enoughFiles {
		return fmt.Errorf("at most %d files can be open, and %d are needed: raise `ulimit -n`", have.Max, enoughFiles)
	}
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: have.Max, Max: have.Max})
}

// enoughFiles is for 10,000 members and what a process has besides.
const enoughFiles = 10_500
