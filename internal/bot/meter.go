package bot

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/usage"
)

// meter reads what a room server, and this machine, have used.
type meter struct {
	http *http.Client
	pid  int // of the server; 0: not known

	mu   sync.Mutex
	url  string // of the server's metrics; "": not yet known
	host net.IP // this machine's own address towards the server
}

// reading is what had been used at a moment.
type reading struct {
	at                 time.Time
	cpu                time.Duration // the server's
	hasCPU             bool
	packets, bytes     float64 // the room server's rooms have sent
	hasPackets         bool
	hasBytes           bool
	busy, idle         time.Duration // this machine's
	allowances         map[string]uint64
	linkBytesPerSecond float64 // this machine's towards the server; 0: not known, or there is none
}

// found tells the meter where the server is.
func (m *meter) found(room *url.URL, own net.Addr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.url == "" && strings.HasPrefix(room.Scheme, "ws") {
		m.url = metricsURL(room)
	}
	switch own := own.(type) {
	case *net.TCPAddr:
		m.host = own.IP
	case *net.UDPAddr:
		m.host = own.IP
	}
}

// read fails only if this machine cannot be read; a server that tells nothing leaves its parts out.
func (m *meter) read(ctx context.Context) (r reading, err error) {
	m.mu.Lock()
	url, host := m.url, m.host
	m.mu.Unlock()
	r.at = time.Now()
	if r.busy, r.idle, err = usage.Machine(); err != nil {
		return r, err
	}
	if page, err := usage.Scrape(ctx, m.http, url); url != "" && err == nil {
		var seconds float64
		seconds, r.hasCPU = page["process_cpu_seconds_total"]
		r.cpu = time.Duration(seconds * float64(time.Second))
		r.packets, r.hasPackets = page["greenroom_room_packets_sent_total"]
		r.bytes, r.hasBytes = page["greenroom_room_sent_bytes_total"]
	}
	if !r.hasCPU && m.pid > 0 {
		r.cpu, err = usage.CPU(m.pid)
		r.hasCPU = err == nil
	}
	r.linkBytesPerSecond = linkSpeed(host)
	if usage.OnEC2() {
		r.allowances = usage.Allowances()
	}
	return r, nil
}

// linkSpeed is what the network card that holds an address can carry; 0: it does not say, or it is the loopback.
func linkSpeed(own net.IP) float64 {
	cards, err := net.Interfaces()
	if err != nil || own == nil || own.IsLoopback() {
		return 0
	}
	for _, card := range cards {
		addresses, _ := card.Addrs()
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); !ok || !n.IP.Equal(own) {
				continue
			}
			text, err := os.ReadFile(filepath.Join("/sys/class/net", card.Name, "speed"))
			megabits, err2 := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
			if err != nil || err2 != nil || megabits <= 0 {
				return 0
			}
			return megabits * 1e6 / 8
		}
	}
	return 0
}
