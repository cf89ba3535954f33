// Package bot owns simulated players: they join a route through the API, move about, tell each other things, go where they
// are sent, and check what they receive. What they say at the end is what players would have gone through.
package bot

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/sdk/go/client"
)

// Transports.
const (
	WebSocket = "ws"
	MQTT      = "mqtt"
	UDP       = "udp"
)

// Bounds of a run, so that a slip of the hand does not fill a machine.
const (
	MaxPlayers    = 100_000
	MaxHz         = 1000
	MaxValueBytes = 32 << 10
)

// Config says what the players do.
type Config struct {
	API       client.Config // HTTP nil: a client that keeps enough connections
	Route     string
	Sessions  int           // how many sessions, named KeyPrefix and a number from 1 up
	Players   int           // in all sessions together
	Hz        float64       // how often each player moves, a second
	For       time.Duration // from the first join until the players stop moving; 0: until ctx ends
	Transport string        // WebSocket (""), UDP or MQTT
	KeyPrefix string        // "": "room-"
	Prefix    string        // of the players' names, "": "bot-" and five random characters
	// Positions has players say where they are by compact positions instead of a JSON state. Not with MQTT.
	Positions bool
	// ValueBytes pads a JSON state to this many bytes. 0: as it comes, about 60.
	ValueBytes int
	// EventEvery is how often each player tells its session something. 0: every 2 s; negative: never.
	EventEvery time.Duration
	// Ramp is how long the players' joins are spread over. 0: 10 ms for each player, but 5 s at most.
	Ramp time.Duration
	// Settle is how long the players wait at the end until all of them have the same state. 0: 5 s.
	Settle time.Duration
	// Progress gets a line that is written over and over; nil: none. It is meant for a terminal.
	Progress io.Writer
	Logger   *slog.Logger // nil: errors are in the report only
}

// Run plays until cfg.For is over or ctx ends, then checks and reports. The error says why the players could not start;
// what went wrong on the way is in the report.
func Run(ctx context.Context, cfg Config) (Report, error) {
	cfg, err := cfg.check()
	if err != nil {
		return Report{}, err
	}
	if cfg.API.HTTP == nil {
		transport := &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
		defer transport.CloseIdleConnections()
		cfg.API.HTTP = &http.Client{Transport: transport}
	}
	return newCrowd(cfg).run(ctx), nil
}

func (c *crowd) run(ctx context.Context) Report {
	cfg := &c.cfg
	playing, stop := context.WithCancel(ctx)
	defer stop()
	if cfg.For > 0 {
		playing, stop = context.WithTimeout(ctx, cfg.For)
		defer stop()
	}
	var progress sync.WaitGroup
	watched, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	if cfg.Progress != nil {
		progress.Go(func() { c.showProgress(watched) })
	}
	c.play(playing)
	c.settle()
	unwatch()
	progress.Wait()
	c.leave()
	return c.report()
}

// Check tells what is wrong with the configuration; nil: nothing.
func (cfg Config) Check() error {
	_, err := cfg.check()
	return err
}

func (cfg Config) check() (Config, error) {
	var wanted wants
	if cfg.Transport == "" {
		cfg.Transport = WebSocket
	}
	wanted.need(cfg.Route != "", "bots need a route to join")
	wanted.need(cfg.Sessions > 0, "sessions is %d, must be at least 1", cfg.Sessions)
	wanted.need(cfg.Players >= cfg.Sessions, "players is %d, must be at least the %d sessions", cfg.Players, cfg.Sessions)
	wanted.need(cfg.Players <= MaxPlayers, "players is %d, at most %d are simulated", cfg.Players, MaxPlayers)
	wanted.need(cfg.Hz > 0 && cfg.Hz <= MaxHz, "hz is %v, must be above 0 and at most %d", cfg.Hz, MaxHz)
	wanted.need(cfg.For >= 0 && cfg.Ramp >= 0 && cfg.Settle >= 0, "durations cannot be negative")
	wanted.need(cfg.ValueBytes >= 0 && cfg.ValueBytes <= MaxValueBytes, "value size is %d bytes, must be 0 to %d", cfg.ValueBytes, MaxValueBytes)
	wanted.need(!cfg.Positions || cfg.Transport != MQTT, "positions are told over %s or %s, not %s", WebSocket, UDP, cfg.Transport)
	wanted.need(!cfg.Positions || cfg.ValueBytes == 0, "positions are compact and cannot be padded")
	wanted.need(slices.Contains([]string{WebSocket, UDP, MQTT}, cfg.Transport), "transport %q is none of %s, %s and %s", cfg.Transport, WebSocket, UDP, MQTT)
	if cfg.KeyPrefix == "" {
		cfg.KeyPrefix = "room-"
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "bot-" + randomName() + "-"
	}
	if cfg.EventEvery == 0 {
		cfg.EventEvery = 2 * time.Second
	}
	if cfg.Ramp == 0 {
		cfg.Ramp = min(time.Duration(cfg.Players)*10*time.Millisecond, 5*time.Second)
	}
	if cfg.Settle == 0 {
		cfg.Settle = 5 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg, wanted.missing()
}
