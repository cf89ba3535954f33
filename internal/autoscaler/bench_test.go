package autoscaler

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/gen/keda/externalscaler"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// large is an Autoscaler of one fleet of n servers.
func large(b *testing.B, n int) *Autoscaler {
	b.Helper()
	ctx, now := context.Background(), time.Now()
	m := memory.New(now)
	for i := range n {
		id := model.ServerID(fmt.Sprintf("rooms-%08d", i))
		_, err := m.AddServer(ctx, model.Server{ID: id, Fleet: "rooms", State: model.ServerOpen, SessionCapacity: 5, SeatsPerSession: 8})
		if err == nil {
			_, err = m.Greet(ctx, registry.Hello{Server: id, Stream: 1, Now: now})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	census := observe.NewCensus(observe.Sources{
		Registry: m, Size: func(model.FleetName) (plan.Size, time.Time) { return plan.Size{Known: true, Wanted: n}, time.Now() },
		Now: func() time.Time { return now },
	})
	if err := census.Tick(ctx); err != nil {
		b.Fatal(err)
	}
	return New(Config{
		Census: census, KnowsToken: func(context.Context, string) (bool, error) { return true, nil },
		Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
	})
}

// What an answer costs does not depend on the fleet's size.
func BenchmarkAnswers(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		a := large(b, n)
		mux := http.NewServeMux()
		a.Register(mux)
		b.Run(fmt.Sprintf("keda/servers=%d", n), func(b *testing.B) {
			ask := &externalscaler.GetMetricsRequest{ScaledObjectRef: ref("fleet=rooms")}
			for b.Loop() {
				if r, err := (keda{a}).GetMetrics(b.Context(), ask); err != nil || int(r.GetMetricValues()[0].GetMetricValueFloat()) != n {
					b.Fatal(r, err)
				}
			}
		})
		for name, request := range map[string]func() *http.Request{
			"json": func() *http.Request { return httptest.NewRequest(http.MethodGet, "/api/scaling/fleets/rooms", nil) },
			"agones": func() *http.Request {
				return httptest.NewRequest(http.MethodPost, reviewPath, strings.NewReader(sentByAgones))
			},
		} {
			b.Run(fmt.Sprintf("%s/servers=%d", name, n), func(b *testing.B) {
				for b.Loop() {
					w, r := httptest.NewRecorder(), request()
					r.SetBasicAuth("", "secret")
					mux.ServeHTTP(w, r)
					if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), fmt.Sprint(n)) {
						b.Fatal(w.Code, w.Body)
					}
				}
			})
		}
	}
}
