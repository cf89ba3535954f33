package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	roomserver "greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/sdk/go/client"
	server "greenroom.dev/greenroom/sdk/go/server"
)

// TestMain lets the test's own binary be the room server that Config.Binary runs by default.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "room" {
		os.Exit(beRoom())
	}
	goleak.VerifyTestMain(m)
}

func beRoom() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	link, err := server.FromEnv()
	if err == nil {
		err = roomserver.Run(ctx, roomserver.Config{Link: link, Logger: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// testConfig is a demo on a data folder and ports of its own.
func testConfig(t *testing.T) Config {
	return Config{
		DataDir: t.TempDir(), Listen: "127.0.0.1:0", ServerPorts: freePorts(t),
		Demo: true, StopServers: true,
	}
}

var portsGiven atomic.Uint32

// freePorts answers forty ports that no other test of this package was given lately, and that nobody listens on; those of
// other packages' tests lie elsewhere.
func freePorts(t *testing.T) PortRange {
	t.Helper()
	for range 25 {
		first := 19_000 + 40*int(portsGiven.Add(1)%25)
		if free(first, first+39) {
			return PortRange{first, first + 39}
		}
	}
	t.Fatal("no forty ports from 19000 to 19999 are free")
	return PortRange{}
}

func free(first, last int) bool {
	for port := first; port <= last; port++ {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}

// testApp is an App that runs.
type testApp struct {
	*App
	t    *testing.T
	log  *lockedBuffer
	stop func() // once; waits
	http *http.Client
}

// lockedBuffer is a bytes.Buffer that two goroutines may use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs an App until stop is called or the test ends.
func start(t *testing.T, cfg Config) *testApp {
	t.Helper()
	log := &lockedBuffer{}
	cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	transport := &http.Transport{}
	stop := sync.OnceFunc(func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if t.Failed() {
			t.Logf("it logged:\n%s", log)
		}
	})
	t.Cleanup(stop)
	return &testApp{App: a, t: t, log: log, stop: stop, http: &http.Client{Transport: transport}}
}

// call posts JSON to the API and decodes the answer; the error holds the status and body of any but 200.
func (a *testApp) call(procedure, token string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	post, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.LocalURL()+"/greenroom.v1."+procedure, bytes.NewReader(body))
	if err != nil {
		return err
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Authorization", "Bearer "+token)
	response, err := a.http.Do(post)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s", procedure, response.Status, text.Bytes())
	}
	return json.Unmarshal(text.Bytes(), answer)
}

// must is call with the admin's token, that must succeed.
func (a *testApp) must(procedure string, request, answer any) {
	a.t.Helper()
	if err := a.call(procedure, a.token(), request, answer); err != nil {
		a.t.Fatal(err)
	}
}

func (a *testApp) token() string {
	a.t.Helper()
	token, err := a.adminToken()
	if err != nil {
		a.t.Fatal(err)
	}
	return token
}

// child is what the API says of a server.
type child struct{ Name, State, ProviderRef string }

func (a *testApp) children() []child {
	a.t.Helper()
	var list struct{ Servers []child }
	a.must("ServerService/ListServers", struct{}{}, &list)
	return list.Servers
}

// waitOpen waits until n servers are open, and answers every server.
func (a *testApp) waitOpen(n int) []child {
	a.t.Helper()
	var all []child
	eventually(a.t, fmt.Sprintf("%d open servers", n), func() bool {
		all = a.children()
		open := 0
		for _, c := range all {
			if c.State == "SERVER_STATE_OPEN" {
				open++
			}
		}
		return open >= n
	})
	return all
}

// pids answers the process ids of servers.
func pids(t *testing.T, children []child) []int {
	t.Helper()
	var all []int
	for _, c := range children {
		pid, err := strconv.Atoi(strings.TrimPrefix(c.ProviderRef, "pid "))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	return all
}

// runs tells whether a process is there and no zombie.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(after, "Z")
}

// enter joins a player and walks into the room.
func (a *testApp) enter(key, player string) *client.Room {
	a.t.Helper()
	c := client.New(client.Config{URL: a.LocalURL(), Token: a.token(), HTTP: a.http})
	room, err := c.JoinRoom(a.t.Context(), demoRoute, key, player, client.Options{HTTP: a.http})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { room.Close() })
	return room
}

// eventually waits for a condition, half a minute at most.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited half a minute for %s", what)
		}
	}
}
