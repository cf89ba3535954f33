package agonessdk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

const id = model.ServerID("game-1")

// stage is a registry with one starting server and an SDK that serves it.
type stage struct {
	*testing.T
	dir   string
	facts *memory.Memory
	sdk   *SDK
	env   map[string]string
	end   func()
}

func newStage(t *testing.T) *stage {
	s := &stage{T: t, dir: t.TempDir()}
	s.begin()
	t.Cleanup(func() { s.end() })
	return s
}

// begin starts a control plane that knows nothing but what is on disk.
func (s *stage) begin() {
	s.facts = memory.New(time.Now())
	s.sdk = New(Config{Registry: s.facts, Now: time.Now})
	var err error
	if s.env, err = s.sdk.Open(id, s.dir); err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.sdk.Run(ctx) }()
	s.end = func() {
		cancel()
		if err := <-ended; err != nil {
			s.Error(err)
		}
		ended <- nil
		http.DefaultClient.CloseIdleConnections() // the next one serves the same port
	}
}

// add makes the server known, as the keeper does.
func (s *stage) add() {
	_, err := s.facts.AddServer(s.Context(), model.Server{
		ID: id, Fleet: "games", State: model.ServerStarting, SessionCapacity: 1, SeatsPerSession: 4,
		CreatedAt: time.Unix(1000, 0), Endpoints: []model.Endpoint{{Name: "game", URL: "udp://127.0.0.1:7777"}},
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) server() model.Server {
	got, err := s.facts.GetServer(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func (s *stage) until(what string, ok func() bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			s.Fatalf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
}

func (s *stage) url(path string) string {
	return "http://" + net.JoinHostPort(s.env["AGONES_SDK_GRPC_HOST"], s.env["AGONES_SDK_HTTP_PORT"]) + path
}

// call makes a REST request and answers "<status> <body>".
func (s *stage) call(method, path, body string) string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url(path), strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	if got := answer.Header.Get("Content-Type"); got != "application/json" {
		s.Errorf("%s %s: content type %s", method, path, got)
	}
	return answer.Status[:3] + " " + strings.TrimSpace(string(text))
}

func TestNodeClient(t *testing.T) {
	s := newStage(t)
	s.add()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "testdata/client.cjs")
	cmd.Env = os.Environ()
	for name, value := range s.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &failure)
	}
	got := map[string]any{}
	for line := range bytes.Lines(out) {
		var said struct {
			What  string
			Value any
		}
		if err := json.Unmarshal(line, &said); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got[said.What] = said.Value
	}
	want := map[string]any{
		"before": "Scheduled", "reservation over": true, "name": "game-1", "address": "127.0.0.1",
		"labels":      map[string]any{"agones.dev/fleet": "games", "agones.dev/sdk-map": "forest"},
		"annotations": map[string]any{"agones.dev/sdk-mode": "rühig"},
		"ports":       []any{map[string]any{"name": "game", "port": 7777.0}},
		"failed":      2.0, "after": "Shutdown",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the game saw %v, not %v", got, want)
	}
	if server := s.server(); !server.Linkless || server.State != model.ServerEmpty || server.ReportedAt.IsZero() {
		t.Errorf("server: %+v", server)
	}
}

func TestREST(t *testing.T) {
	s := newStage(t)
	s.add()
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/health", "", `400 {"code":3,"message":"EOF","details":[]}`},
		{"POST", "/health", "{}", `200 {}`},
		{"POST", "/ready", "{}", `200 {}`},
		{"POST", "/reserve", "", `200 {}`},
		{"POST", "/reserve", `{"seconds":"5"}`, `200 {}`},
		{"POST", "/reserve", `{"seconds":5}`, `200 {}`},
		{"POST", "/allocate", "", `200 {}`},
		{"PUT", "/metadata/label", `{"key":"map","value":"forest"}`, `200 {}`},
		{"PUT", "/metadata/annotation", `{"key":"a","value":"b","other":1}`, `200 {}`},
		{"PUT", "/metadata/label", `{"value":"forest"}`, `500 {"code":2,"message":"a key has 1 to 128 bytes, a value at most 4096","details":[]}`},
		{"GET", "/ready", "", `501 {"code":12,"message":"Method Not Allowed","details":[]}`},
		{"GET", "/nowhere", "", `404 {"code":5,"message":"Not Found","details":[]}`},
	} {
		if got := s.call(c.method, c.path, c.body); got != c.want {
			t.Errorf("%s %s %s: %s, not %s", c.method, c.path, c.body, got, c.want)
		}
	}
	if got := s.call("PUT", "/metadata/label", "{"); !strings.HasPrefix(got, `400 {"code":3,`) {
		t.Errorf("broken JSON: %s", got)
	}
	text := s.call("GET", "/gameserver", "")
	for _, part := range []string{
		`200 {"object_meta":{"name":"game-1","namespace":"default","uid":"game-1","resource_version":"`,
		`"creation_timestamp":"1000","deletion_timestamp":"0","annotations":{"agones.dev/sdk-a":"b"}`,
		`"spec":{"health":{"disabled":false,"period_seconds":5,"failure_threshold":3,"initial_delay_seconds":5}}`,
		`"status":{"state":"Allocated","address":"127.0.0.1","ports":[{"name":"game","port":7777}],"players":null}}`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%s\nlacks %s", text, part)
		}
	}
}

func TestWatch(t *testing.T) {
	s := newStage(t)
	s.add()
	state := func(text []byte) string {
		var line struct {
			Result struct{ Status struct{ State string } }
		}
		if err := json.Unmarshal(text, &line); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return line.Result.Status.State
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url("/watch/gameserver"), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewReader(stream.Body)
	socket, _, err := websocket.Dial(t.Context(), s.url("/watch/gameserver"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.CloseNow()
	expect := func(want string) {
		t.Helper()
		line, err := lines.ReadBytes('\n')
		if err != nil || state(line) != want {
			t.Errorf("watch: %s, %v, not %s", line, err, want)
		}
		_, message, err := socket.Read(t.Context())
		if err != nil || state(message) != want {
			t.Errorf("watch over a web socket: %s, %v, not %s", message, err, want)
		}
	}
	expect("Scheduled")
	s.call("POST", "/ready", "")
	expect("Ready")
	s.call("POST", "/health", "{}") // is no change
	s.call("POST", "/allocate", "")
	expect("Allocated")
}

func TestHealthBeforeReadySaysNothing(t *testing.T) {
	s := newStage(t)
	s.add()
	s.call("POST", "/health", "{}")
	if got := s.server(); got.State != model.ServerStarting || got.Linkless {
		t.Errorf("server: %+v", got)
	}
}

func TestMatchIsPlayedAgainAndAgain(t *testing.T) {
	s := newStage(t)
	s.add()
	s.call("POST", "/ready", "")
	server := s.server()
	server, err := s.facts.SetState(t.Context(), id, server.Generation, registry.StateChange{State: model.ServerOpen, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	reserve := func() {
		t.Helper()
		_, err := s.facts.Reserve(t.Context(), registry.Reserve{
			Route: "duel", NewKey: "d-1", Fleets: []model.FleetName{"games"}, Players: []model.PlayerID{"ann"},
			Now: time.Now(), ExpiresAt: time.Now().Add(time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	reserve()
	s.call("POST", "/ready", "") // the match is over
	if server = s.server(); server.State != model.ServerReady || server.Sessions != 0 {
		t.Errorf("after the match: %+v", server)
	}
	s.call("POST", "/allocate", "")
	reserve()
	drain := &model.Drain{StartedAt: time.Now(), HandOverAt: time.Now(), DeadlineAt: time.Now().Add(time.Hour)}
	server = s.server()
	if _, err := s.facts.SetState(t.Context(), id, server.Generation, registry.StateChange{
		State: model.ServerDraining, Drain: drain, Now: time.Now(),
	}); err != nil {
		t.Fatal(err)
	}
	s.call("POST", "/ready", "") // over again; the drain has waited for that
	if server = s.server(); server.State != model.ServerDraining || server.Sessions != 0 {
		t.Errorf("after the match in a drain: %+v", server)
	}
}

func TestRestart(t *testing.T) {
	s := newStage(t)
	s.add()
	s.call("POST", "/ready", "")
	s.call("POST", "/allocate", "")
	s.call("PUT", "/metadata/label", `{"key":"map","value":"forest"}`)
	before := s.env
	s.end()
	s.begin()
	if !reflect.DeepEqual(s.env, before) {
		t.Errorf("served at %v, before the restart at %v", s.env, before)
	}
	if got := s.call("POST", "/health", "{}"); got != "200 {}" { // nobody knows the server yet
		t.Errorf("health: %s", got)
	}
	if got := s.call("POST", "/reserve", "{}"); got != "200 {}" {
		t.Errorf("reserve: %s", got)
	}
	s.add()
	s.until("it is what it was, and what it asked for meanwhile", func() bool {
		got := s.server()
		return got.State == model.ServerCordoned && got.Linkless && got.Labels["agones.dev/sdk-map"] == "forest"
	})
	s.end()
	s.begin()
	s.add()
	s.until("it is reserved", func() bool { return s.server().State == model.ServerCordoned })
	if text := s.call("GET", "/gameserver", ""); !strings.Contains(text, `"state":"Reserved"`) {
		t.Error(text)
	}
	s.sdk.Close(id)
	if c, err := net.Dial("tcp", "127.0.0.1:"+s.env["AGONES_SDK_HTTP_PORT"]); err == nil {
		c.Close()
		t.Error("a server that was closed is still served")
	}
}

// TestRestartWithAFullDisk: what cannot be written down does not keep a server from being served.
func TestRestartWithAFullDisk(t *testing.T) {
	s := newStage(t)
	s.add()
	s.call("POST", "/ready", "")
	before := s.env
	s.end()
	if err := os.Mkdir(memoPath(s.dir)+".next", 0o700); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	s.begin()
	if !reflect.DeepEqual(s.env, before) {
		t.Errorf("served at %v, before the restart at %v", s.env, before)
	}
	if got := s.call("POST", "/health", "{}"); got != "200 {}" {
		t.Errorf("health: %s", got)
	}
}

func TestServerWithALinkSpeaksForItselfThere(t *testing.T) {
	s := newStage(t)
	s.add()
	if _, err := s.facts.Greet(t.Context(), registry.Hello{Server: id, Stream: 1, State: model.ServerOpen, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/ready", "/health", "/shutdown"} {
		s.call("POST", path, "{}")
	}
	s.sdk.Tick(t.Context())
	if got := s.server(); got.State != model.ServerOpen || got.Linkless || !got.Linked {
		t.Errorf("server: %+v", got)
	}
}
