package bot

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
	"greenroom.dev/greenroom/sdk/go/client"
)

// Bounds and defaults of a curve.
const (
	MaxVisits = 1_000_000 // in one run
	MinSpeed  = 0.01
	MaxSpeed  = 3600
	DefaultHz = 0.2 // moves of each player a second: many players are to fit beside the servers
)

// CurveConfig says which demand is played, and against what.
type CurveConfig struct {
	API    client.Config // HTTP nil: a client that keeps enough connections
	Fleets greenroomv1connect.FleetServiceClient
	Routes greenroomv1connect.RouteServiceClient
	Events greenroomv1connect.EventServiceClient // whose doors the timeline marks; nil: none

	Trace      trace.Trace
	Route      model.RouteName // by which all players join; "": by the trace's
	Seed       uint64          // of when in its step a player comes, and how long each stays
	Speed      float64         // how much faster than the trace; 0: 1
	Hz         float64         // how often each player moves, a second; 0: DefaultHz
	Transport  string          // WebSocket ("") or UDP
	ValueBytes int             // pads each move to this many bytes. 0: as it comes, about 60
	Windows    []Window        // for which joins are summed up apart
	Every      time.Duration   // between two samples of the timeline; 0: 1 s
	// Settle is how long a player who leaves waits until it has heard the last words of all others. 0: 5 s.
	Settle time.Duration

	// Progress gets a line that is written over and over; nil: none. It is meant for a terminal.
	Progress io.Writer
	Logger   *slog.Logger // nil: errors are in the report only
}

// Window is a part of a run, from its start.
type Window struct{ From, To time.Duration }

// String gives the window as it is written: "0s-1m0s".
func (w Window) String() string { return w.From.String() + "-" + w.To.String() }

// Check tells what is wrong with the configuration, but for the services; nil: nothing.
func (cfg CurveConfig) Check() error {
	_, err := cfg.check()
	return err
}

func (cfg CurveConfig) check() (CurveConfig, error) {
	var wanted wants
	cfg.Speed = cmp.Or(cfg.Speed, 1)
	cfg.Hz = cmp.Or(cfg.Hz, DefaultHz)
	cfg.Transport = cmp.Or(cfg.Transport, WebSocket)
	cfg.Every = cmp.Or(cfg.Every, time.Second)
	cfg.Settle = cmp.Or(cfg.Settle, 5*time.Second)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if err := cfg.Trace.Check(); err != nil {
		return cfg, err
	}
	sum := cfg.Trace.Summary()
	wanted.need(sum.Joins <= MaxVisits, "the trace has %d joins, at most %d are played", sum.Joins, MaxVisits)
	wanted.need(sum.PeakPlayers <= MaxPlayers, "the trace has about %d players at once, at most %d are simulated", sum.PeakPlayers, MaxPlayers)
	wanted.need(cfg.Speed >= MinSpeed && cfg.Speed <= MaxSpeed, "a speed of %gx is not from %gx to %dx", cfg.Speed, MinSpeed, MaxSpeed)
	wanted.need(cfg.Hz > 0 && cfg.Hz <= MaxHz, "hz is %v, must be above 0 and at most %d", cfg.Hz, MaxHz)
	wanted.need(slices.Contains([]string{WebSocket, UDP}, cfg.Transport), "a curve is played over %s or %s, not %q", WebSocket, UDP, cfg.Transport)
	wanted.need(cfg.ValueBytes >= 0 && cfg.ValueBytes <= MaxValueBytes, "value size is %d bytes, must be 0 to %d", cfg.ValueBytes, MaxValueBytes)
	wanted.need(cfg.Every >= 100*time.Millisecond, "a sample every %s is too often, 100ms at least", cfg.Every)
	wanted.need(cfg.Settle > 0, "durations cannot be negative")
	for _, w := range cfg.Windows {
		wanted.need(w.From >= 0 && w.To > w.From, "window %s has no time in it", w)
	}
	return cfg, wanted.missing()
}

// PlayCurve has players come and go as the trace says, until its last step is over or ctx ends, when those who are still
// there leave. The error says why nothing could be played; what went wrong on the way is in the report.
func PlayCurve(ctx context.Context, cfg CurveConfig) (CurveReport, error) {
	cfg, err := cfg.check()
	if err != nil {
		return CurveReport{}, err
	}
	if cfg.Route != "" {
		cfg.Trace.Rows = slices.Clone(cfg.Trace.Rows)
		for i := range cfg.Trace.Rows {
			cfg.Trace.Rows[i].Route = cfg.Route
		}
	}
	if cfg.API.HTTP == nil {
		transport := &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
		defer transport.CloseIdleConnections()
		cfg.API.HTTP = &http.Client{Transport: transport}
	}
	seats, fleets, err := venues(ctx, &cfg)
	if err != nil {
		return CurveReport{}, err
	}
	c := newCurve(cfg, seats, fleets)
	return c.run(ctx), nil
}
