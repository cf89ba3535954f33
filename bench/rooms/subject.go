package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
)

// subject is a server being measured, in a process of its own.
type subject struct {
	name    string
	addr    string
	tickets bool
	cmd     *exec.Cmd
	cleanup func()
}

// mosquitto starts one with its defaults, but for queues that hold what a slow reader leaves.
func mosquitto() (*subject, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	dir, err := os.MkdirTemp("", "greenroom-bench-")
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "mosquitto.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 100000\nlog_dest none\n", addr.Port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command("mosquitto", "-c", conf)
	cmd.Stderr = os.Stderr
	s := &subject{name: "mosquitto", addr: addr.String(), cmd: cmd, cleanup: func() { os.RemoveAll(dir) }}
	if err := cmd.Start(); err != nil {
		s.cleanup()
		return nil, err
	}
	return s, s.ready()
}

// ready waits until the server takes connections.
func (s *subject) ready() error {
	var err error
	for range 200 {
		var c net.Conn
		if c, err = net.Dial("tcp", s.addr); err == nil {
			return c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.stop()
	return err
}

// greenroom starts this program again as a standalone room server.
func greenroom(tick, profile string) (*subject, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-serve", tick, "-profile", profile)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	return &subject{name: "greenroom " + tick + " tick", addr: strings.TrimSpace(addr), tickets: true, cmd: cmd, cleanup: func() {}}, err
}

// runServer is the process that greenroom starts.
func runServer(tick, profile string) error {
	d, err := time.ParseDuration(tick)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := server.New(server.Config{
		Standalone: &server.Standalone{Room: model.RoomSettings{Tick: d}},
		Listeners:  map[string]net.Listener{"mqtt": l}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(l.Addr())
	return s.Run(ctx)
}

func (s *subject) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	s.cleanup()
}

// cpu is the process's CPU time so far, user and system, from /proc/PID/stat.
func (s *subject) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux there is
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// measure starts a server, puts the load on it from another process, and reads the server's clock around the part counted.
func measure(start func() (*subject, error), l load) (result, error) {
	s, err := start()
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	gen := exec.Command(self, "-generate", s.addr, "-tickets="+strconv.FormatBool(s.tickets), "-n", strconv.Itoa(l.Members),
		"-hz", strconv.Itoa(l.Hz), "-bytes", strconv.Itoa(l.Bytes), "-for", l.For.String())
	gen.Stderr = os.Stderr
	out, err := gen.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	if err := gen.Start(); err != nil {
		return result{}, err
	}
	lines := bufio.NewReader(out)
	var at [2]time.Duration
	for i := range at { // the generator says when counting starts and when it ends
		if _, err := lines.ReadString('\n'); err != nil {
			return result{}, fmt.Errorf("load generator: %w", err)
		}
		if at[i], err = s.cpu(); err != nil {
			return result{}, err
		}
	}
	r := result{Server: s.name, CPUSeconds: (at[1] - at[0]).Seconds()}
	b, err := io.ReadAll(lines)
	if err != nil {
		return r, err
	}
	if err := errors.Join(json.Unmarshal(b, &r), gen.Wait()); err != nil {
		return r, err
	}
	r.CPUPerMillion = r.CPUSeconds / float64(r.Delivered) * 1e6
	return r, nil
}
