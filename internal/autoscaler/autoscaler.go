// Package autoscaler owns the answers to other people's autoscalers: KEDA's external scaler (keda.go), whoever reads
// numbers as JSON (scaling.go), and Agones' FleetAutoscaler (agones.go). All of them are answered from the census, which
// is there already: an answer costs the same however large a fleet is, and none asks the registry, the store (but for a
// token that was not seen for some seconds) or a provider. A number that is not known is refused, never 0: others would
// scale to nothing by it.
package autoscaler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"greenroom.dev/greenroom/gen/keda/externalscaler/externalscalerconnect"
	"greenroom.dev/greenroom/internal/observe"
)

const (
	// MaxAge is how old what is answered from may be: keepers plan every second, and the census counts every second.
	MaxAge = 10 * time.Second
	// tokenEvery is how often the token of a long stream is looked at again.
	tokenEvery = 5 * time.Second
	// maxBytes bounds one request.
	maxBytes = 256 << 10
)

// Census is where the numbers are; *observe.Census is one.
type Census interface {
	Count() *observe.Count
	Watch(ctx context.Context) <-chan struct{}
}

// Config is what an Autoscaler works with; every field is required.
type Config struct {
	Census Census
	// KnowsToken tells whether a secret is that of a living API token. Every scope may look.
	KnowsToken func(ctx context.Context, secret string) (bool, error)
	Now        func() time.Time
	Logger     *slog.Logger
}

// Autoscaler answers. It is safe for concurrent use and has no goroutine of its own.
type Autoscaler struct{ cfg Config }

// New makes an Autoscaler.
func New(cfg Config) *Autoscaler { return &Autoscaler{cfg} }

// Register serves all of its answers.
func (a *Autoscaler) Register(mux *http.ServeMux) {
	rpc := connect.NewServer()
	externalscalerconnect.RegisterExternalScalerHandler(rpc, keda{a})
	connecthttp.Mount(mux, rpc, connecthttp.WithReadMaxBytes(maxBytes))
	mux.HandleFunc("GET /api/scaling/fleets/{name}", a.serveFleet)
	mux.HandleFunc("GET /api/scaling/routes/{name}", a.serveRoute)
	mux.HandleFunc("POST /api/agones/fleetautoscaler/{fleet}", a.serveReview)
}

// What keeps an answer back. Errors wrap them with names.
var (
	errUnknown  = errors.New("there is no such thing")
	errNotYet   = errors.New("not known now; ask again in a second")
	errNoToken  = errors.New("no token was given")
	errBadToken = errors.New("the API token is unknown, expired or revoked")
)

// count is the census, if it is fresh.
func (a *Autoscaler) count() (*observe.Count, error) {
	c := a.cfg.Census.Count()
	if c.At.IsZero() {
		return nil, fmt.Errorf("nothing has been counted yet: %w", errNotYet)
	}
	if a.cfg.Now().Sub(c.At) > MaxAge {
		return nil, fmt.Errorf("what there is was last counted at %s: %w", c.At.UTC().Format(time.RFC3339), errNotYet)
	}
	return c, nil
}

// authorize tells whether a secret may look: errNoToken, errBadToken, or an error of the store.
func (a *Autoscaler) authorize(ctx context.Context, secret string) error {
	if secret == "" {
		return errNoToken
	}
	ok, err := a.cfg.KnowsToken(ctx, secret)
	if err == nil && !ok {
		err = errBadToken
	}
	return err
}
