package keeper

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/ticket"
)

// house is a whole control plane around the keeper under test, on the virtual clock of a synctest bubble: the memory
// registry, a store of specs, and a machine whose processes greet and report as real servers do.
type house struct {
	t       *testing.T
	machine *machine
	store   *specs
	reg     *memory.Memory
	keeper  *Keeper
	work    func(model.FleetName, func()) // Config.Work of the next control plane
	stop    func()

	mu    sync.Mutex
	heard []Decision // by Config.Decided
	steps []string   // by Config.Became
}

// story runs a test on the virtual clock with a machine and a control plane, which are gone afterwards.
func story(t *testing.T, tell func(h *house)) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, store: newSpecs(), machine: newMachine()}
		h.up()
		defer h.machine.off()
		defer func() { h.stop() }()
		tell(h)
	})
}

// up starts a control plane that knows nothing yet.
func (h *house) up() {
	h.reg = memory.New(time.Now())
	h.machine.connect(h.reg)
	h.keeper = New(h.config(h.reg))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.keeper.Run(ctx) }()
	h.stop = func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("Run: %v", err)
		}
	}
}

func (h *house) mover() *handover.Mover {
	return handover.New(handover.Config{
		Registry: h.reg, Links: h.machine, Signer: plainSigner{}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
}

func (h *house) config(facts registry.Registry) Config {
	return Config{
		Store: h.store, Revisions: h.store, Registry: facts, Provider: h.machine, Mover: h.mover(), Now: time.Now, Holder: "test",
		Env:     func(id model.ServerID) map[string]string { return map[string]string{"GREENROOM_SERVER": string(id)} },
		Waiting: func(model.RouteName) int { return 0 },
		Leaves:  h.store.listLeaves,
		Decided: h.hear,
		Became:  h.watch,
		Work:    h.work,
		Logger:  slog.New(slog.DiscardHandler),
	}
}

func (h *house) hear(fleet model.FleetName, d Decision) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if fleet == "plaza" {
		h.heard = append(h.heard, d)
	}
}

func (h *house) watch(from model.ServerState, s model.Server) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.steps = append(h.steps, fmt.Sprintf("%s → %s", from, s.State))
}

// restart is the control plane killed and started again: the registry's memory is gone, the processes are not.
func (h *house) restart() {
	h.stop()
	h.machine.connect(nil)
	h.up()
}

// pass lets virtual time pass.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	<-time.After(d)
	synctest.Wait()
}

func (h *house) servers() []model.Server {
	all, err := h.reg.ListServers(context.Background(), "")
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func (h *house) server(id model.ServerID) model.Server {
	h.t.Helper()
	s, err := h.reg.GetServer(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// states says how many servers there are of each state: "1 ready, 1 open".
func (h *house) states() string {
	count := map[model.ServerState]int{}
	for _, s := range h.servers() {
		count[s.State]++
	}
	var out []string
	for st := model.ServerStarting; st <= model.ServerUnhealthy; st++ {
		if count[st] > 0 {
			out = append(out, fmt.Sprintf("%d %s", count[st], st))
		}
	}
	return strings.Join(out, ", ")
}

func (h *house) wantStates(want string) {
	h.t.Helper()
	if got := h.states(); got != want {
		e, _ := h.keeper.Explain("plaza")
		h.t.Fatalf("servers are %q, want %q\n%s", got, want, e)
	}
}

func (h *house) in(state model.ServerState) model.Server {
	h.t.Helper()
	all := h.servers()
	i := slices.IndexFunc(all, func(s model.Server) bool { return s.State == state })
	if i < 0 {
		h.t.Fatalf("no server is %s: %s", state, h.states())
	}
	return all[i]
}

// join seats a player in a session, as the router and the server would.
func (h *house) join(key model.SessionKey) model.Session {
	h.t.Helper()
	ctx, ref := context.Background(), model.SessionRef{Route: "plaza", Key: key}
	r, err := h.reg.Reserve(ctx, registry.Reserve{
		Route: ref.Route, Key: key, Fleets: []model.FleetName{"plaza"}, Players: []model.PlayerID{"ann"},
		Now: time.Now(), ExpiresAt: time.Now().Add(model.TicketTTL),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.machine.claim(r)
	h.pass(time.Second)
	return h.session(key)
}

func (h *house) session(key model.SessionKey) model.Session {
	h.t.Helper()
	s, err := h.reg.GetSession(context.Background(), model.SessionRef{Route: "plaza", Key: key})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// did tells whether the feed has a decision of the verb.
func (h *house) did(sentence string) bool {
	e, _ := h.keeper.Explain("plaza")
	return slices.ContainsFunc(e.History, func(d Decision) bool { return strings.Contains(d.Sentence, sentence) })
}

func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "facts: %s\nheld: %s\n", strings.Join(e.Facts, "; "), strings.Join(e.Holds, "; "))
	for _, d := range slices.Backward(e.History) {
		fmt.Fprintf(&b, "%s %s [%s]\n", d.At.Format("15:04:05.000"), d.Sentence, d.Result)
	}
	return b.String()
}

type plainSigner struct{}

func (plainSigner) Sign(c ticket.Claims) string { return string(c.Player) + "@" + string(c.Server) }

func (plainSigner) Seal(c ticket.Claims) string {
	return "sealed " + string(c.Player) + "@" + string(c.Server)
}

// specs is a store of fleets and routes.
type specs struct {
	leaves  []model.NodeLeave
	mu      sync.Mutex
	fleets  map[model.FleetName]model.Fleet
	had     []model.FleetRevision // of the fleet plaza, the present one first
	changed chan struct{}
}

func newSpecs() *specs {
	return &specs{fleets: map[model.FleetName]model.Fleet{}, changed: make(chan struct{}, 1)}
}

func (s *specs) apply(f model.Fleet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Generation = s.fleets[f.Name].Generation + 1
	s.revise(&f)
	s.fleets[f.Name] = f
	s.tell()
}

func (s *specs) tell() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *specs) ListFleets(context.Context) (out []model.Fleet, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.fleets {
		out = append(out, f)
	}
	return out, nil
}

func (s *specs) ListRoutes(context.Context) ([]model.Route, error) {
	return []model.Route{{Name: "plaza", Fleets: []model.FleetWeight{{Fleet: "plaza", Weight: model.Whole}}}}, nil
}

func (s *specs) RemoveFleet(_ context.Context, name model.FleetName) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fleets, name)
	return nil
}

func (s *specs) Watch(context.Context) <-chan struct{} { return s.changed }

var (
	_ provider.Provider = (*machine)(nil)
	_ handover.Links    = (*machine)(nil)
)
