package observe

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// readyWait bounds one readiness check.
const readyWait = 2 * time.Second

// contentType is Prometheus' text format.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Probes are the answers to an orchestrator's questions.
type Probes struct {
	// Ready tells why new work should go elsewhere: starting, stopping, or the store does not answer; nil when it need
	// not. Liveness asks nothing at all: a process that answers lives, and a registry or a store that is away is no
	// reason to kill it and with it every stream it holds.
	Ready func(ctx context.Context) error
}

// Register serves GET /healthz, /readyz and, of the sets and this process, /metrics.
func Register(mux *http.ServeMux, probes Probes, sets ...*metrics.Set) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWait)
		defer cancel()
		if err := probes.Ready(ctx); err != nil {
			http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for _, set := range sets {
			set.WritePrometheus(w)
		}
		metrics.WriteProcessMetrics(w)
	})
}
