package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/link"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/provider/process"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/ticket"
)

var fleets = []model.FleetName{"counters"}

// house is as much of a control plane as a session server meets: no keeper, the test decides.
type house struct {
	*testing.T
	facts    *memory.Memory
	keys     *ticket.Keys
	signer   *ticket.Signer
	hub      *link.Hub
	mover    *handover.Mover
	provider *process.Process
	url      string
	spec     model.FleetSpec
}

func newHouse(t *testing.T) *house {
	h := &house{T: t, facts: memory.New(time.Now()), keys: ticket.NewKeys(make([]byte, 32))}
	h.signer = ticket.NewSigner(h.keys)
	h.hub = link.New(link.Config{
		Registry: h.facts, Keys: h.keys, Now: time.Now,
		Fleet: func(model.FleetName) (model.Fleet, bool) { return model.Fleet{}, false },
	})
	h.mover = handover.New(handover.Config{Registry: h.facts, Links: h.hub, Signer: h.signer, Now: time.Now})
	var err error
	if h.provider, err = process.New(process.Config{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	rpc := connect.NewServer()
	h.hub.Register(rpc)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, rpc, connecthttp.WithReadMaxBytes(link.MaxMessageBytes))
	web := httptest.NewUnstartedServer(mux)
	web.Config.Protocols = new(http.Protocols)
	web.Config.Protocols.SetUnencryptedHTTP2(true)
	web.Start()
	h.url = web.URL
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- h.hub.Run(ctx) }()
	go func() { ended <- h.provider.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		<-ended
		web.CloseClientConnections()
		web.Close()
	})

	program := filepath.Join(t.TempDir(), "counter")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	h.spec = model.FleetSpec{Process: &model.ProcessSpec{Command: []string{program}, StopGrace: time.Second}}
	return h
}

func (h *house) until(what string, ok func() bool) {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.Context()), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			h.Fatalf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
}

func (h *house) server(id model.ServerID) model.Server {
	s, err := h.facts.GetServer(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return s
}

func (h *house) become(id model.ServerID, state model.ServerState) {
	h.Helper()
	change := registry.StateChange{State: state, Now: time.Now()}
	if _, err := h.facts.SetState(h.Context(), id, h.server(id).Generation, change); err != nil {
		h.Fatal(err)
	}
}

// start starts a counter and opens it once it has greeted.
func (h *house) start(id model.ServerID) {
	_, err := h.facts.AddServer(h.Context(), model.Server{
		ID: id, Fleet: fleets[0], State: model.ServerStarting, SessionCapacity: 4, SeatsPerSession: 4, CreatedAt: time.Now(),
	})
	if err != nil {
		h.Fatal(err)
	}
	_, err = h.provider.Start(h.Context(), provider.Start{ID: id, Fleet: fleets[0], Spec: h.spec, Env: map[string]string{
		"GREENROOM_LINK": h.url, "GREENROOM_SERVER_TOKEN": h.keys.ServerToken(id),
	}})
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { h.stop(id) })
	h.until(string(id)+" is ready", func() bool { return h.server(id).State == model.ServerReady })
	h.become(id, model.ServerOpen)
}

func (h *house) instance(id model.ServerID) provider.Instance {
	all, err := h.provider.Observe(context.WithoutCancel(h.Context()))
	if err != nil {
		h.Fatal(err)
	}
	for _, in := range all {
		if in.ID == id {
			return in
		}
	}
	return provider.Instance{}
}

func (h *house) stop(id model.ServerID) {
	if err := h.provider.Stop(context.WithoutCancel(h.Context()), id); err != nil {
		h.Error(err)
	}
	h.until(string(id)+" has ended", func() bool { return !h.instance(id).Running })
}

// raise joins the session and raises its number, and answers what the server said.
func (h *house) raise(player model.PlayerID) string {
	h.Helper()
	r, err := h.facts.Reserve(h.Context(), registry.Reserve{
		Route: "count", Key: "all", Fleets: fleets, Players: []model.PlayerID{player}, Now: time.Now(),
		ExpiresAt: time.Now().Add(time.Minute),
	})
	if err != nil {
		h.Fatal(err)
	}
	token := h.signer.Sign(ticket.Claims{
		Server: r.Server, Player: player, Seat: r.Seats[0].ID, Session: r.Session, Generation: r.Generation,
		Capacity: r.SessionCapacity, ExpiresAt: time.Now().Add(time.Minute),
	})
	answer, err := http.Get(h.server(r.Server).Endpoints[0].URL + "?ticket=" + url.QueryEscape(token))
	if err != nil {
		h.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		h.Fatal(err)
	}
	return fmt.Sprintf("%s says %s", r.Server, strings.TrimSpace(string(text)))
}

func (h *house) expect(player model.PlayerID, want string) {
	h.Helper()
	if got := h.raise(player); got != want {
		h.Errorf("%s, not %s", got, want)
	}
}

// TestCounterSurvivesADrainAndACrash runs the example as a real process, moves its session to another one, kills that,
// and finds the number again on a third.
func TestCounterSurvivesADrainAndACrash(t *testing.T) {
	h := newHouse(t)
	ref := model.SessionRef{Route: "count", Key: "all"}
	session := func() model.Session {
		s, err := h.facts.GetSession(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	h.start("counters-1")
	h.expect("ann", "counters-1 says ann: 1")
	h.expect("ann", "counters-1 says ann: 2")
	h.expect("bob", "counters-1 says bob: 3")

	h.start("counters-2")
	from := handover.Origin{Server: "counters-1", Generation: session().Generation}
	if err := h.mover.Move(t.Context(), ref, from, fleets); err != nil {
		t.Fatal(err)
	}
	h.expect("ann", "counters-2 says ann: 4")
	h.until("the copy of the fourth", func() bool { state, _ := h.hub.LastCopy(ref); return string(state) == "4" })

	h.become("counters-1", model.ServerStopped)
	h.start("counters-3")
	pid, err := strconv.Atoi(strings.TrimPrefix(h.instance("counters-2").Ref, "pid "))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.until("counters-2 is dead", func() bool { return h.instance("counters-2").Exit == "signal: killed" })
	h.become("counters-2", model.ServerUnhealthy)
	if _, err := h.facts.Orphan(t.Context(), "counters-2", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := h.mover.Replace(t.Context(), ref, handover.Origin{}, fleets); err != nil {
		t.Fatal(err)
	}
	h.expect("bob", "counters-3 says bob: 5")
}
