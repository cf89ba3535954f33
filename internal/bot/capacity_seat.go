package bot

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// eventSeconds is about how often a player of a capacity run tells an event, for gaps to be noticed.
const eventSeconds = 2

// dial takes the i-th player's seat.
func (f *finder) dial(ctx context.Context, i int) (net.Conn, load.Wire, error) {
	name := fmt.Sprintf("%s%d", f.prefix, i+1)
	endpoint := WebSocket
	if f.cfg.Wire == WireUDP {
		endpoint = model.EndpointUDP
	}
	place, err := f.cfg.Seat(ctx, endpoint, name)
	if err != nil {
		return nil, nil, err
	}
	at, err := url.Parse(place.URL)
	if err != nil {
		return nil, nil, err
	}
	conn, err := dialRoom(ctx, at)
	if err != nil {
		return nil, nil, err
	}
	f.meter.found(at, conn.LocalAddr())
	if endpoint == model.EndpointUDP {
		return conn, &load.UDP{Token: place.Ticket, Position: f.walk(), Stamped: true}, nil
	}
	return conn, f.player(name, at.Host, place.Ticket), nil
}

func dialRoom(ctx context.Context, at *url.URL) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	switch at.Scheme {
	case "ws":
		return new(net.Dialer).DialContext(ctx, "tcp", at.Host)
	case "wss":
		return new(tls.Dialer).DialContext(ctx, "tcp", at.Host)
	case "udp":
		return new(net.Dialer).DialContext(ctx, "udp", at.Host)
	}
	return nil, fmt.Errorf("%s is no address of a room by WebSocket or UDP", at)
}

func (f *finder) player(name, host, ticket string) *load.WebSocket {
	w := &load.WebSocket{Host: host, Ticket: ticket, EventEvery: max(1, int(eventSeconds*f.cfg.Hz))}
	if f.cfg.Wire == WireCompact {
		w.Position, w.Stamped = f.walk(), true
		return w
	}
	random := newRandom()
	w.Key = "pos/" + name
	w.Body = &jsonBody{walk: load.NewWalk(demoSide, demoSpeed, random), every: f.every(), random: random, size: f.cfg.ValueBytes}
	return w
}

// walk makes a player wander about, in steps: in the demo's place and at its pace, as large as fits.
func (f *finder) walk() func(int64) wire.Position {
	const side, speed = 60_000, 7200
	random := newRandom()
	walk, every := load.NewWalk(side, speed, random), f.every()
	return func(int64) wire.Position {
		walk.Step(every, random.Float64())
		return wire.Position{X: int16(walk.X), Y: int16(walk.Y)}
	}
}

func (f *finder) every() time.Duration { return time.Duration(float64(time.Second) / f.cfg.Hz) }

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }

// The demo's place: 1000 × 1000 units, and who walks in it 120 of them a second.
const (
	demoSide  = 1000
	demoSpeed = 120
)

// jsonBody is docs/WIRE.md's demo position of somebody who wanders about.
type jsonBody struct {
	walk   *load.Walk
	every  time.Duration
	random *rand.Rand
	size   int
	serial uint64
}

// Append implements load.Body, as does Stamp.
func (j *jsonBody) Append(b []byte, stamp int64) []byte {
	j.walk.Step(j.every, j.random.Float64())
	j.serial++
	const middle = demoSide / 2
	return position(b, j.walk.X+middle, j.walk.Y+middle, j.serial, float64(stamp/1000)/1000, j.size)
}

// Stamp reads the time out of it, in whole µs.
func (j *jsonBody) Stamp(payload []byte) (int64, bool) {
	ms, ok := field(payload, `"t":`)
	return int64(ms*1000+0.5) * 1000, ok
}

// metricsURL is where the server behind a room's WebSocket tells its metrics.
func metricsURL(room *url.URL) string {
	at := url.URL{Scheme: strings.Replace(room.Scheme, "ws", "http", 1), Host: room.Host, Path: "/metrics"}
	return at.String()
}
