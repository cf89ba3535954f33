package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/provider/providertest"
)

// open gives a running provider on dir and a function that ends it.
func open(t *testing.T, cfg Config) (*Process, func()) {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return p, func() {
		cancel()
		if err, ok := <-ended; ok && err != nil {
			t.Error(err)
		}
		select {
		case <-ended:
		default:
			close(ended)
		}
	}
}

func script(text string) model.FleetSpec {
	return model.FleetSpec{Process: &model.ProcessSpec{
		Command: []string{"sh", "-c", text}, Ports: []model.Port{{Name: "game"}, {Name: "query", UDP: true}},
		StopGrace: 300 * time.Millisecond,
	}}
}

func TestProviderConforms(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Subject {
		dir := filepath.Join(t.TempDir(), "servers")
		return providertest.Subject{
			Spec: script,
			Open: func(t *testing.T) (provider.Provider, func()) { return open(t, Config{Dir: dir}) },
		}
	})
}

func begin(t *testing.T, p *Process, id model.ServerID, spec model.FleetSpec) provider.Instance {
	t.Helper()
	in, err := p.Start(t.Context(), provider.Start{ID: id, Fleet: "rooms", Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// end waits for a server's end.
func end(t *testing.T, p *Process, id model.ServerID) provider.Instance {
	t.Helper()
	in, err := p.find(id)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-in.exited:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s did not end", id)
	}
	return in.look()
}

func output(t *testing.T, p *Process, id model.ServerID) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Logs(t.Context(), id, 1000, false, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSpecIsChecked(t *testing.T) {
	p, stop := open(t, Config{Dir: t.TempDir(), Binary: "/opt/greenroom"})
	defer stop()
	file := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, spec := range map[string]model.ProcessSpec{
		"provider.process.command[0]: /no/such: no such file or directory":                             {Command: []string{"/no/such"}},
		"provider.process.command[0]: no-such-program: executable file not found in $PATH":             {Command: []string{"no-such-program"}},
		"provider.process.command[0]: " + file + ": permission denied":                                 {Command: []string{file}},
		"provider.process.working_dir: stat /no/such: no such file or directory":                       {WorkingDir: "/no/such"},
		"provider.process.working_dir: " + file + " is not a folder":                                   {WorkingDir: file},
		`provider.process.env["AGONES_X"]: names starting with GREENROOM_ and AGONES_ are Greenroom's`: {Env: map[string]string{"AGONES_X": ""}},
		`provider.process.ports[1].name: there is another port called "a"`:                             {Ports: []model.Port{{Name: "a"}, {Name: "a"}}},
		`provider.process.ports[1].port: 7000 is given twice`:                                          {Ports: []model.Port{{Name: "a", Number: 7000}, {Name: "b", Number: 7000}}},
	} {
		if err := p.Check(model.FleetSpec{Process: &spec}); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if err := p.Check(model.FleetSpec{}); err != nil {
		t.Errorf("the built-in room server: %v", err)
	}
}

func TestFixedPortInUse(t *testing.T) {
	p, stop := open(t, Config{Dir: t.TempDir()})
	defer stop()
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	spec := script("exit 0")
	spec.Process.Ports = []model.Port{{Name: "ws", Number: port}}
	_, err = p.Start(t.Context(), provider.Start{ID: "rooms-1", Spec: spec})
	if want := fmt.Sprintf("port %d (ws) is in use", port); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v, not %s", err, want)
	}
	if left, _ := os.ReadDir(p.cfg.Dir); len(left) != 0 {
		t.Errorf("a start that failed left %v", left)
	}
}

func TestFolderThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Dir: file}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error: %v", err)
	}
}

func TestNothingOfAServerOutlivesIt(t *testing.T) {
	p, stop := open(t, Config{Dir: t.TempDir()})
	defer stop()
	begin(t, p, "rooms-1", script("sleep 1000 & echo $!"))
	if got := end(t, p, "rooms-1"); got.Exit != "exit status 0" {
		t.Errorf("exit: %s", got.Exit)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(output(t, p, "rooms-1")))
	if err != nil {
		t.Fatal(err)
	}
	awaitGone(t, pid)
}

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if birth := birthOf(pid); birth != "" && !awaitExit(ctx, pid, birth) {
		t.Errorf("process %d is still there", pid)
	}
}

func TestServerLeadsItsOwnSession(t *testing.T) {
	p, stop := open(t, Config{Dir: t.TempDir(), Environ: []string{"PATH=" + os.Getenv("PATH"), "GREENROOM_LISTEN=:7350", "HOME=/h"}})
	defer stop()
	begin(t, p, "rooms-1", script(`echo "$GREENROOM_LISTEN,$HOME"; ps -o sid= -p $$; echo $$`))
	end(t, p, "rooms-1")
	lines := strings.Fields(output(t, p, "rooms-1"))
	if len(lines) != 3 || lines[0] != ",/h" || lines[1] != lines[2] {
		t.Errorf("environment, session and process: %v", lines)
	}
	info, err := os.Stat(filepath.Join(p.cfg.Dir, "rooms-1", recordName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("record: %v, %v", info.Mode(), err)
	}
}

func TestLimitsAreSetOrSaid(t *testing.T) {
	p, stop := open(t, Config{Dir: t.TempDir()})
	defer stop()
	spec := script("read x < /dev/null; sleep 0.2; ulimit -n; ulimit -Hn; cat /proc/self/cgroup; exit 0")
	spec.Process.OpenFiles, spec.Process.MemoryMiB, spec.Process.CPUMillis = 123, 256, 500
	begin(t, p, "rooms-1", spec)
	end(t, p, "rooms-1")
	out := output(t, p, "rooms-1")
	if !strings.Contains(out, "123\n123\n") {
		t.Errorf("open files: %s", out)
	}
	const said = "greenroom: the limit of 256 MiB of memory and 500 thousandths of a CPU is not enforced: "
	if !strings.Contains(out, said) && !strings.Contains(out, "greenroom-rooms-1") {
		t.Errorf("memory and CPU are neither limited nor is it said: %s", out)
	}
}

// TestStartThatWasNotRecorded is a control plane that was killed after it had started a process and before it had
// written down which.
func TestStartThatWasNotRecorded(t *testing.T) {
	dir := t.TempDir()
	p, stop := open(t, Config{Dir: dir})
	before := begin(t, p, "rooms-1", script("exec sleep 1000"))
	stop()
	in, _ := p.find("rooms-1")
	if err := in.change(func(r *record) { r.PID, r.Birth = 0, "" }); err != nil {
		t.Fatal(err)
	}
	p, stop = open(t, Config{Dir: dir})
	defer stop()
	in, _ = p.find("rooms-1")
	if got := in.look(); !got.Running || got.Ref != before.Ref {
		t.Errorf("found again: %+v", got)
	}
	if err := p.Stop(t.Context(), "rooms-1"); err != nil {
		t.Error(err)
	}
	end(t, p, "rooms-1")
}

func TestAnotherProcessWithTheSameNumberIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	p, stop := open(t, Config{Dir: dir})
	begin(t, p, "rooms-1", script("exec sleep 1000"))
	stop()
	in, _ := p.find("rooms-1")
	pid := in.record.PID
	if err := in.change(func(r *record) { r.Birth = "another boot/1" }); err != nil {
		t.Fatal(err)
	}
	p, stop = open(t, Config{Dir: dir})
	defer stop()
	in, _ = p.find("rooms-1")
	if in.look().Running {
		t.Error("another process was taken for the server")
	}
	if err := p.Stop(t.Context(), "rooms-1"); err != nil {
		t.Error(err)
	}
	if birthOf(pid) == "" {
		t.Error("another process was killed")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	reap(pid, true)
}

// sidecar notes what it is asked to serve.
type sidecar struct{ opened, closed chan string }

func (s sidecar) Open(id model.ServerID, dir string) (map[string]string, error) {
	note := filepath.Join(dir, "note")
	before, _ := os.ReadFile(note)
	s.opened <- string(id) + " " + string(before)
	if err := os.WriteFile(note, []byte("9358"), 0o600); err != nil {
		return nil, err
	}
	return map[string]string{"AGONES_SDK_HTTP_PORT": "9358"}, nil
}

func (s sidecar) Close(id model.ServerID) { s.closed <- string(id) }

// fullDisk is a sidecar that cannot write.
type fullDisk struct{ sidecar }

func (fullDisk) Open(model.ServerID, string) (map[string]string, error) { return nil, syscall.ENOSPC }

// TestStartThatFailsHalfWay leaves nothing behind, and the control plane alive.
func TestStartThatFailsHalfWay(t *testing.T) {
	side := fullDisk{sidecar{closed: make(chan string, 1)}}
	cfg := Config{Dir: t.TempDir(), Sidecar: side}
	p, stop := open(t, cfg)
	defer stop()
	_, err := p.Start(t.Context(), provider.Start{ID: "rooms-1", Fleet: "rooms", Spec: script("exec sleep 1000")})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("start: %v", err)
	}
	if got := <-side.closed; got != "rooms-1" {
		t.Errorf("closed %q", got)
	}
	if left, err := filepath.Glob(filepath.Join(cfg.Dir, "rooms-1*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSidecarIsServedAgainAfterARestart(t *testing.T) {
	side := sidecar{opened: make(chan string, 4), closed: make(chan string, 4)}
	cfg := Config{Dir: t.TempDir(), Sidecar: side}
	p, stop := open(t, cfg)
	begin(t, p, "rooms-1", script(`echo "port $AGONES_SDK_HTTP_PORT"; exec sleep 1000`))
	if got := <-side.opened; got != "rooms-1 " {
		t.Errorf("opened %q", got)
	}
	awaitOutput(t, p, "rooms-1", "port 9358\n")
	stop()
	p, stop = open(t, cfg)
	defer stop()
	if got := <-side.opened; got != "rooms-1 9358" {
		t.Errorf("opened again %q", got)
	}
	if err := p.Stop(t.Context(), "rooms-1"); err != nil {
		t.Error(err)
	}
	end(t, p, "rooms-1")
	if got := <-side.closed; got != "rooms-1" {
		t.Errorf("closed %q", got)
	}
}

func awaitOutput(t *testing.T, p *Process, id model.ServerID, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(10 * time.Millisecond); output(t, p, id) != want; {
		select {
		case <-ctx.Done():
			t.Fatalf("output of %s: %q, not %q", id, output(t, p, id), want)
		case <-tick.C:
		}
	}
}

func TestEndThatNobodySaw(t *testing.T) {
	dir := t.TempDir()
	p, stop := open(t, Config{Dir: dir})
	begin(t, p, "rooms-1", script("exec sleep 1000"))
	stop()
	in, _ := p.find("rooms-1")
	if err := syscall.Kill(in.record.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, in.record.PID)
	reap(in.record.PID, true)
	p, stop = open(t, Config{Dir: dir})
	defer stop()
	if got := end(t, p, "rooms-1"); got.Running || got.Exit != "" || got.Stopping {
		t.Errorf("found again: %+v", got)
	}
}
