package observe

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/usage"
)

// filled is a registry of n open servers in ten fleets, with five sessions of three players each, and their loads.
func filled(t testing.TB, n int) *memory.Memory {
	t.Helper()
	ctx, now := context.Background(), time.Now()
	m := memory.New(now)
	for i := range n {
		fleet := model.FleetName(fmt.Sprintf("fleet-%d", i%10))
		id := model.ServerID(fmt.Sprintf("%s-%08d", fleet, i))
		_, err := m.AddServer(ctx, model.Server{ID: id, Fleet: fleet, State: model.ServerOpen, SessionCapacity: 5, SeatsPerSession: 8})
		if err == nil {
			_, err = m.Greet(ctx, registry.Hello{Server: id, Stream: 1, Now: now})
		}
		if err == nil {
			load := &model.Load{At: now, CPU: 0.375, CPULimit: 2, MemoryBytes: 123 << 20, Received: 1234.5, Sent: 98765.25}
			err = m.Report(ctx, registry.Report{Server: id, Stream: 1, Load: load, Now: now})
		}
		for s := range 5 {
			if err == nil {
				_, err = m.Reserve(ctx, registry.Reserve{
					Route: "plaza", Key: model.SessionKey(fmt.Sprintf("%d-%d", i, s)), Fleets: []model.FleetName{fleet},
					Players: []model.PlayerID{"a", "b", "c"}, Now: now, ExpiresAt: now.Add(time.Hour),
				})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// house is the metrics of a registry, as they are served.
func house(t testing.TB, m *memory.Memory) (*Census, *http.ServeMux) {
	census := ticked(t, Sources{Registry: m, Size: func(model.FleetName) (plan.Size, time.Time) { return plan.Size{Known: true}, time.Now() }})
	set, mux := metrics.NewSet(), http.NewServeMux()
	all := NewMetrics(MetricsConfig{Set: set, Census: census})
	for fleet := range census.Count().Fleets {
		all.Joined(Join{Route: "plaza", Fleet: fleet, Outcome: JoinSeated, Took: time.Millisecond})
	}
	Register(mux, Probes{}, set)
	mux.Handle("GET /metrics/servers", NewServerPage(m.ListServers, census))
	return census, mux
}

func scrape(t testing.TB, mux http.Handler, path string) (bytes int) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	mux.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	return w.Body.Len()
}

// What is on the page of all fleets does not depend on how many servers they have.
func TestAScrapeDoesNotGrowWithServers(t *testing.T) {
	series := func(servers int) int {
		_, mux := house(t, filled(t, servers))
		_, text := get(t, mux, "/metrics")
		return wellFormed(t, text)
	}
	if few, many := series(10), series(500); few != many {
		t.Errorf("%d series of 10 servers, %d of 500", few, many)
	}
}

// cpu reports the CPU time of an operation, which is the same on a busy machine.
func cpu(b *testing.B) (report func()) {
	b.Helper()
	before, err := usage.CPU(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		after, err := usage.CPU(os.Getpid())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64((after-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	}
}

var sizes = []int{1_000, 10_000, 100_000}

func BenchmarkCensus(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("servers=%d", n), func(b *testing.B) {
			census, _ := house(b, filled(b, n))
			for b.Loop() {
				if err := census.Tick(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScrape is /metrics; BenchmarkServerPage is /metrics/servers, made anew and compressed each time, and kept.
func BenchmarkScrape(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("servers=%d", n), func(b *testing.B) {
			census, mux := house(b, filled(b, n))
			defer cpu(b)()
			for b.Loop() {
				if err := census.Tick(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(scrape(b, mux, "/metrics")), "bytes")
			}
		})
	}
}

func BenchmarkServerPage(b *testing.B) {
	for _, n := range sizes {
		m := filled(b, n)
		census, mux := house(b, m)
		b.Run(fmt.Sprintf("kept/servers=%d", n), func(b *testing.B) {
			for b.Loop() {
				scrape(b, mux, "/metrics/servers")
			}
		})
		for _, zipped := range []bool{false, true} {
			b.Run(fmt.Sprintf("anew/zipped=%v/servers=%d", zipped, n), func(b *testing.B) {
				defer cpu(b)()
				for b.Loop() {
					page := NewServerPage(m.ListServers, census)
					text, err := page.page(b.Context(), zipped)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(len(text)), "bytes")
				}
			})
		}
	}
}

func BenchmarkScrapeOfManyFleets(b *testing.B) {
	m := manyFleets(b, 1000)
	defer cpu(b)()
	for b.Loop() {
		b.ReportMetric(float64(len(m.render(MaxSeries))), "bytes")
	}
}
