package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/protojson"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/app"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/sdk/go/client"
)

// TestMain lets the test's own binary be the game server that the fleet names.
func TestMain(m *testing.M) {
	if os.Getenv("GREENROOM_LINK") != "" {
		os.Args = os.Args[:1]
		main()
		return
	}
	os.Exit(m.Run())
}

// greenroom is a control plane, and whom to call.
type greenroom struct {
	*testing.T
	url, token string
}

func startGreenroom(t *testing.T) *greenroom {
	first := 20_000 + 100*rand.IntN(90)
	a, err := app.New(app.Config{
		DataDir: t.TempDir(), Listen: "127.0.0.1:0", ServerPorts: app.PortRange{First: first, Last: first + 99},
		StopServers: true, Logger: slog.New(slog.DiscardHandler), Console: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	token, err := os.ReadFile(a.DataFile(app.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	return &greenroom{t, a.LocalURL(), strings.TrimSpace(string(token))}
}

func (g *greenroom) call(procedure string, request []byte, answer any) {
	g.Helper()
	post, err := http.NewRequestWithContext(g.Context(), http.MethodPost, g.url+"/greenroom.v1."+procedure, bytes.NewReader(request))
	if err != nil {
		g.Fatal(err)
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Authorization", "Bearer "+g.token)
	response, err := http.DefaultClient.Do(post)
	if err != nil {
		g.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK || json.Unmarshal(text, answer) != nil {
		g.Fatalf("%s: %s %s", procedure, response.Status, text)
	}
}

// apply applies fleet.yaml, with this binary as the fleet's.
func (g *greenroom) apply() {
	g.Helper()
	checker, err := rules.New()
	if err != nil {
		g.Fatal(err)
	}
	text, err := os.ReadFile("fleet.yaml")
	if err != nil {
		g.Fatal(err)
	}
	objects, err := manifest.Parse("fleet.yaml", text, checker)
	if err != nil {
		g.Fatal(err)
	}
	request := &greenroomv1.ApplyRequest{Fleets: manifest.Fleets(objects), Routes: manifest.Routes(objects)}
	self, err := os.Executable()
	if err != nil {
		g.Fatal(err)
	}
	request.Fleets[0].GetSpec().GetProvider().GetProcess().Command = []string{self}
	body, err := protojson.Marshal(request)
	if err != nil {
		g.Fatal(err)
	}
	g.call("ApplyService/Apply", body, &struct{}{})
}

// watched is what a bot hears of the game.
type watched struct {
	tags   chan string
	opened chan struct{}

	mu      sync.Mutex
	round   client.StateChange
	members map[uint64]bool
}

func (w *watched) handler() client.Handler {
	return client.Handler{
		Event: func(e client.Event) {
			if e.Name == "tagged" {
				w.tags <- string(e.Payload)
			}
		},
		Status: func(c client.StatusChange) {
			if c.Status == client.Open {
				w.opened <- struct{}{}
			}
		},
		State: func(s client.StateChange) {
			if s.Key == "round" {
				w.mu.Lock()
				defer w.mu.Unlock()
				s.Value = bytes.Clone(s.Value)
				w.round = s
			}
		},
		Member: func(member uint64, _ string, present bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.members[member] = present
		},
	}
}

// sees is the round, and how many members there are.
func (w *watched) sees() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	here := 0
	for _, present := range w.members {
		if present {
			here++
		}
	}
	return fmt.Sprintf("%d members in %s, version %d", here, w.round.Value, w.round.Version)
}

func next[T any](t *testing.T, what string, from <-chan T) {
	t.Helper()
	select {
	case <-from:
	case <-time.After(30 * time.Second):
		t.Fatalf("waited in vain for %s", what)
	}
}

// A fleet of the real program, from fleet.yaml: its server is drained in the middle of a round, and the game goes on
// on another one where it stood, with everybody.
func TestFleetIsDrained(t *testing.T) {
	t.Parallel()
	g := startGreenroom(t)
	g.apply()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	api := client.New(client.Config{URL: g.url, Token: g.token})
	w := &watched{tags: make(chan string, 1000), opened: make(chan struct{}, 100), members: map[uint64]bool{}}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return play(ctx, api, "tag", "1", 20, w.handler()) })
	next(t, "the game", w.opened)
	next(t, "somebody to be tagged", w.tags)
	for beat := time.Tick(10 * time.Millisecond); ctx.Err() == nil && !strings.HasPrefix(w.sees(), "20 members in {"); {
		<-beat
	}
	before := w.sees()

	var list struct {
		Servers []struct{ Name, State string }
	}
	g.call("ServerService/ListServers", []byte("{}"), &list)
	for _, s := range list.Servers {
		if s.State == "SERVER_STATE_OPEN" {
			g.call("ServerService/DrainServer", fmt.Appendf(nil, `{"name": %q, "policy": {"wait": "0s"}}`, s.Name), &struct{}{})
		}
	}
	next(t, "the players to come over", w.opened)
	if after := w.sees(); after != before {
		t.Errorf("before the move the watcher saw %s, and then %s", before, after)
	}
	for len(w.tags) > 0 {
		<-w.tags
	}
	next(t, "somebody to be tagged there", w.tags)
	cancel()
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
