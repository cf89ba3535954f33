package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"greenroom.dev/greenroom/internal/agonessdk"
	"greenroom.dev/greenroom/internal/api"
	"greenroom.dev/greenroom/internal/autoscaler"
	"greenroom.dev/greenroom/internal/event"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/history"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/link"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/provider/mux"
	"greenroom.dev/greenroom/internal/provider/process"
	"greenroom.dev/greenroom/internal/provider/static"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/ledger"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/rollout"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/signal"
	"greenroom.dev/greenroom/internal/stage"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/store/sqlite"
	"greenroom.dev/greenroom/internal/ticket"
)

// App is one Greenroom. New opens and binds everything and starts nothing; Run runs it.
type App struct {
	cfg      Config
	started  time.Time
	dir      *dataDir
	listener net.Listener
	echo     net.PacketConn // nil: there is none

	store     *sqlite.Store
	specs     *store.SpecCache
	ledger    *ledger.Ledger
	registry  registry.Registry // the ledger, in front of the live facts
	keys      *ticket.Keys
	agones    *agonessdk.SDK
	processes *process.Process
	static    *static.Static
	provider  provider.Provider // all of them
	hub       *link.Hub
	stages    *stage.Stages
	mover     *handover.Mover
	events    *event.Service
	rollouts  *rollout.Service
	signals   *signal.Signals
	keeper    *keeper.Keeper
	router    *router.Router
	census    *observe.Census
	history   *history.Recorder
	weeks     *history.Weeks
	decisions *history.Decisions
	metrics   *observe.Metrics
	set       *metrics.Set
	api       *api.API
	scaler    *autoscaler.Autoscaler
	http      *http.Server
}

// New opens the data folder and the store, and takes the port. Errors say what is wrong and how to mend it; nothing is
// left open or half made by one.
func New(cfg Config) (*App, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Binary == "" {
		if cfg.Binary, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find this program, to run room servers from: %w", err)
		}
	}
	a := &App{cfg: cfg, started: time.Now()}
	if err := a.open(context.Background()); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// open builds everything, in the order of the house.
func (a *App) open(ctx context.Context) (err error) {
	if a.dir, err = openDataDir(a.cfg.DataDir); err != nil {
		return err
	}
	if a.listener, err = listen(a.cfg.Listen); err != nil {
		return err
	}
	a.openEcho()
	if a.store, err = sqlite.Open(ctx, a.dir.file(databaseFile)); err != nil {
		return err
	}
	if a.specs, err = store.NewSpecCache(ctx, a.store); err != nil {
		return err
	}
	master, err := a.store.MasterKey(ctx)
	if err != nil {
		return err
	}
	a.keys = ticket.NewKeys(master)
	if a.ledger, err = ledger.Open(memory.New(time.Now()), a.dir.file(ledgerFile), a.cfg.Logger); err != nil {
		return err
	}
	a.registry = a.ledger
	if err := a.openProvider(); err != nil {
		return err
	}
	signer := ticket.NewSigner(a.keys)
	a.hub = link.New(link.Config{
		Registry: a.registry, Keys: a.keys, Fleet: a.specs.Fleet, Now: time.Now, Logger: a.cfg.Logger,
		Shown:      func() []model.StageMessage { return a.stages.Shown() },
		Recovering: func() bool { return a.keeper.Recovering() },
	})
	a.stages, err = stage.New(ctx, stage.Config{Store: a.store, Route: a.specs.Route, Audience: a.hub, Now: time.Now})
	if err != nil {
		return err
	}
	a.mover = handover.New(handover.Config{Registry: a.registry, Links: a.hub, Signer: signer, Now: time.Now, Logger: a.cfg.Logger})
	a.router = router.New(router.Config{Registry: a.registry, Routes: a.specs.Route, Region: a.regionOf, Signer: signer})
	a.signals = signal.New(signal.Config{Now: time.Now, Changed: func() { a.keeper.Poke() }})
	a.events = event.New(event.Config{Specs: a.specs, Store: a.store, Facts: a.eventFacts(), Now: time.Now, Logger: a.cfg.Logger})
	a.openHistory()
	a.keeper = keeper.New(keeper.Config{
		Store: a.store, Revisions: a.store, Leaves: a.store.ListNodeLeaves, Registry: a.registry, Provider: a.provider, Mover: a.mover,
		Env: a.serverEnv, Recall: a.ledger.Recall, Waiting: a.router.Waiting, Decided: a.decided, Became: a.became,
		Outlook: outlook{events: a.events.Outlook, signals: a.signals.Signals, expected: a.weeks.Expected}.of,
		Now:     time.Now, Holder: fmt.Sprintf("pid %d", os.Getpid()), Logger: a.cfg.Logger,
	})
	if err := a.openAPI(); err != nil {
		return err
	}
	return a.openAdminToken(ctx)
}

// openProvider builds the providers: processes, with the Agones SDK beside every child, and static servers.
func (a *App) openProvider() (err error) {
	a.agones = agonessdk.New(agonessdk.Config{Registry: a.registry, Now: time.Now, Logger: a.cfg.Logger})
	a.processes, err = process.New(process.Config{
		Dir: a.dir.file(serversFolder), Host: a.cfg.Advertise, Binary: a.cfg.Binary, Sidecar: a.agones, Logger: a.cfg.Logger,
		PortMin: a.cfg.ServerPorts.First, PortMax: a.cfg.ServerPorts.Last,
		Nodes: a.cfg.Nodes,
	})
	if err != nil {
		return err
	}
	a.static, err = static.New(static.Config{Dir: a.dir.file(staticFolder), Fleet: a.specs.Fleet, Now: time.Now, Logger: a.cfg.Logger})
	if err != nil {
		return err
	}
	a.provider = mux.New(
		mux.Engine{Name: "process", Provider: a.processes, Runs: func(s model.FleetSpec) bool { return s.Process != nil }},
		mux.Engine{Name: "static", Provider: a.static, Runs: func(s model.FleetSpec) bool { return s.Static != nil }},
	)
	return nil
}

// openAPI builds the handlers and the server in front of them.
func (a *App) openAPI() error {
	checker, err := rules.New()
	if err != nil {
		return err
	}
	a.set = metrics.NewSet()
	a.census = observe.NewCensus(observe.Sources{
		Registry: a.registry, Specs: a.specs.Specs, SpecsChanged: a.specs.Watch, Size: a.keeper.Size, Waiting: a.router.Waiting,
	})
	a.metrics = observe.NewMetrics(observe.MetricsConfig{Set: a.set, Census: a.census, Tags: a.cfg.Tags, Signals: a.signals.Signals, Tally: a.registry.Tally})
	a.set.RegisterMetricsWriter(a.stages.WriteMetrics)
	a.openRollouts()
	version, commit := Version()
	a.api = api.New(api.Config{
		Store: a.store, Specs: a.specs, Registry: a.registry, Router: a.router, Keeper: a.keeper, Mover: a.mover, Links: a.hub, Stages: a.stages,
		Events: a.events, Rollouts: a.rollouts, Signals: a.signals,
		Provider: a.provider, ServerEnv: a.staticEnv, Census: a.census, Metrics: a.metrics, History: a.history, Rules: checker,
		Version: api.Version{Version: version, Commit: commit, StartedAt: a.started}, Now: time.Now, Logger: a.cfg.Logger,
	})
	a.scaler = autoscaler.New(autoscaler.Config{Census: a.census, KnowsToken: a.api.KnowsToken, Now: time.Now, Logger: a.cfg.Logger})
	a.http = a.newHTTP()
	return nil
}

// serverEnv is what a server needs to find its way home. Its own address is used, not the advertised one: processes run
// on this machine.
func (a *App) serverEnv(id model.ServerID) map[string]string {
	env := map[string]string{
		"GREENROOM_LINK":         a.LocalURL(),
		"GREENROOM_LINK_FILE":    a.dir.file(linkFile),
		"GREENROOM_SERVER_TOKEN": a.keys.ServerToken(id),
	}
	if a.cfg.TLSCert != "" {
		env["GREENROOM_TLS_CERT"], env["GREENROOM_TLS_KEY"] = a.cfg.TLSCert, a.cfg.TLSKey
	}
	if a.cfg.WebTransport {
		env["GREENROOM_WEBTRANSPORT"] = "1"
	}
	return env
}

// openAdminToken makes sure that the token "admin" exists and that its secret lies in the data folder, for commands on
// this machine.
func (a *App) openAdminToken(ctx context.Context) error {
	const name = "admin"
	if text, err := os.ReadFile(a.dir.file(TokenFile)); err == nil && a.knowsToken(ctx, string(text)) {
		return nil
	}
	if err := a.store.RevokeToken(ctx, name); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	secret, token := api.NewToken(name, store.ScopeAdmin, time.Now(), time.Time{})
	if err := a.store.PutToken(ctx, token); err != nil {
		return err
	}
	return a.dir.write(TokenFile, []byte(secret+"\n"))
}

// knowsToken tells whether a secret is that of a living token.
func (a *App) knowsToken(ctx context.Context, secret string) bool {
	_, err := a.store.FindToken(ctx, sha256.Sum256([]byte(strings.TrimSpace(secret))), time.Now())
	return err == nil
}

// listen takes the port; the error says who to ask about it.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program: stop it, or listen elsewhere with --listen or GREENROOM_LISTEN", address)
	}
	if errors.Is(err, syscall.EACCES) {
		return nil, fmt.Errorf("%s may not be listened on without root: take a port above 1023 with --listen or GREENROOM_LISTEN", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// URL is where people reach the API and the console.
func (a *App) URL() string {
	_, port, _ := net.SplitHostPort(a.listener.Addr().String())
	return "http://" + net.JoinHostPort(a.cfg.Advertise, port)
}

// LocalURL is where programs on this machine do.
func (a *App) LocalURL() string {
	host, port, _ := net.SplitHostPort(a.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// DataFile answers the path of a file of the data folder.
func (a *App) DataFile(name string) string { return filepath.Join(a.dir.path, name) }

// Run runs Greenroom until ctx ends. Its servers go on, unless Config.StopServers. Call it once.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	a.router.Hold() // until every server from before has said what lives on it
	if err := a.applyDemo(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	parts := []part{
		{"specs", a.logged("refresh specs", a.specs.Run)},
		{"processes", a.processes.Run},
		{"static servers", a.static.Run},
		{"agones sdk", a.agones.Run},
		{"link", a.hub.Run},
		{"census", a.logged("count", a.census.Run)},
		{"history", a.logged("record history", a.history.Run)},
		{"decisions", a.logged("log decisions", a.decisions.Run)},
		{"weeks", a.logged("read earlier weeks", a.weeks.Run)},
		{"servers", a.keepServers},
		{"events", a.events.Run},
		{"rollouts", a.rollouts.Run},
		{"keeper", a.keeper.Run},
		{"router", a.router.Run},
		{"recovery", a.watchRecovery},
		{"echo", a.runEcho},
		{"http", a.serveHTTP},
		{"welcome", a.welcome},
		{"demo bots", a.runBots},
	}
	return runParts(ctx, a.cfg.Logger, parts)
}

// logged runs a part that goes on after its errors; they are logged.
func (a *App) logged(what string, run func(ctx context.Context, failed func(error)) error) func(context.Context) error {
	return func(ctx context.Context) error {
		return run(ctx, func(err error) { a.cfg.Logger.Warn(what, observe.KeyError, err) })
	}
}

// watchRecovery lets new sessions be made once servers from before a restart were found again.
func (a *App) watchRecovery(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for a.keeper.Recovering() {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	a.router.Unhold()
	<-ctx.Done()
	return nil
}

// close gives back what open took.
func (a *App) close() {
	if a.listener != nil {
		_ = a.listener.Close()
	}
	if a.echo != nil {
		_ = a.echo.Close()
	}
	if a.ledger != nil {
		_ = a.ledger.Close()
	}
	if a.store != nil {
		_ = a.store.Close()
	}
	if a.dir != nil {
		a.dir.close()
	}
}
