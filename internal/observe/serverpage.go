package observe

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

const (
	// MaxServerSeries bounds the series of the page of servers: 18,000 servers with loads.
	MaxServerSeries = 200_000
	// serverPageAge is how long a page is served again; scrapers that come together share one.
	serverPageAge = time.Second
)

// seriesBytes is about what a series of a server takes.
const seriesBytes = 100

// ServerPage is metrics by server, on a page of its own for those who want them and pay for them. It is made when somebody
// asks, at most once for each count of the census and each second, and kept, compressed too. Its methods are safe for
// concurrent use.
type ServerPage struct {
	list   func(ctx context.Context, fleet model.FleetName) ([]model.Server, error)
	census *Census

	mu           sync.Mutex // one is made at a time
	of           *Count     // the census' count when it was made
	madeAt       time.Time
	plain, small []byte // small: gzip's, made when first asked for
}

// NewServerPage makes the page of all servers that list gives.
func NewServerPage(list func(ctx context.Context, fleet model.FleetName) ([]model.Server, error), census *Census) *ServerPage {
	return &ServerPage{list: list, census: census}
}

// ServeHTTP answers the page.
func (p *ServerPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	zipped := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	text, err := p.page(r.Context(), zipped)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Vary", "Accept-Encoding")
	if zipped {
		w.Header().Set("Content-Encoding", "gzip")
	}
	_, _ = w.Write(text)
}

func (p *ServerPage) page(ctx context.Context, zipped bool) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.plain == nil || p.of != p.census.Count() && now.Sub(p.madeAt) >= serverPageAge {
		of := p.census.Count()
		servers, err := p.list(ctx, "")
		if err != nil {
			return nil, fmt.Errorf("list all servers: %w", err)
		}
		p.plain, p.small, p.of, p.madeAt = renderServers(servers, MaxServerSeries), nil, of, now
	}
	if !zipped {
		return p.plain, nil
	}
	if p.small == nil {
		var out bytes.Buffer
		z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		_, _ = z.Write(p.plain) // a buffer takes everything
		_ = z.Close()
		p.small = out.Bytes()
	}
	return p.small, nil
}

// serverGauge is a number of a server.
type serverGauge struct {
	name  string
	value func(*model.Server) float64
	load  bool // of its load: left out while it says none
}

func serverGauges() []serverGauge {
	return []serverGauge{
		{"greenroom_server_sessions", func(s *model.Server) float64 { return float64(s.Sessions) }, false},
		{"greenroom_server_sessions_active", func(s *model.Server) float64 { return float64(s.SessionsActive) }, false},
		{"greenroom_server_session_slots", func(s *model.Server) float64 { return float64(s.SessionCapacity) }, false},
		{"greenroom_server_players", func(s *model.Server) float64 { return float64(s.SeatsReserved + s.SeatsClaimed) }, false},
		{"greenroom_server_seats", func(s *model.Server) float64 { return float64(s.SeatCapacity) }, false},
		{"greenroom_server_cpu_cores", func(s *model.Server) float64 { return s.Load.CPU }, true},
		{"greenroom_server_cpu_limit_cores", func(s *model.Server) float64 { return s.Load.CPULimit }, true},
		{"greenroom_server_memory_bytes", func(s *model.Server) float64 { return s.Load.MemoryBytes }, true},
		{"greenroom_server_received_bytes_per_second", func(s *model.Server) float64 { return s.Load.Received }, true},
		{"greenroom_server_sent_bytes_per_second", func(s *model.Server) float64 { return s.Load.Sent }, true},
	}
}

// renderServers writes at most so many series of the servers.
func renderServers(servers []model.Server, most int) []byte {
	p := newPage(most, min(most, len(servers)*(1+len(serverGauges())))*seriesBytes)
	labels := make([]string, len(servers))
	p.family("greenroom_server_state", "gauge")
	for i := range servers {
		s := &servers[i]
		labels[i] = label("fleet", string(s.Fleet)) + "," + label("server", string(s.ID))
		p.add(labels[i]+","+label("state", s.State.String()), 1)
	}
	for _, g := range serverGauges() {
		p.family(g.name, "gauge")
		for i := range servers {
			if s := &servers[i]; !g.load || s.Load != nil {
				p.add(labels[i], g.value(s))
			}
		}
	}
	dropped := p.dropped
	p.left = 1
	p.family("greenroom_metrics_series_dropped", "gauge")
	p.add("", float64(dropped))
	return p.text
}
