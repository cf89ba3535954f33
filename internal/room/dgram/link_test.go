package dgram

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sort"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

var (
	start      = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	serverAddr = netip.MustParseAddrPort("192.0.2.1:7400")
	playerAddr = netip.MustParseAddrPort("198.51.100.7:5000")
)

// side is one end in the world of a test, and what it was given.
type side struct {
	*Endpoint
	addr   netip.AddrPort
	stream []byte
	latest map[uint64]told
	after  uint64
	code   uint16
}

type told struct {
	packet uint64
	value  uint32
}

func (s *side) Stream(b []byte) error {
	s.stream = append(s.stream, b...)
	return nil
}

// Latest reads entries of member 4 · value 4 and keeps the newest of each member.
func (s *side) Latest(packet, after uint64, body []byte) error {
	s.after = after
	for ; len(body) >= 8; body = body[8:] {
		member := uint64(binary.LittleEndian.Uint32(body))
		if packet > s.latest[member].packet {
			s.latest[member] = told{packet, binary.LittleEndian.Uint32(body[4:])}
		}
	}
	return nil
}

func (s *side) Closed(code uint16, _ string) { s.code = code }

// position is an entry as Latest reads it.
func position(member uint64, value uint32) wire.Latest {
	b := binary.LittleEndian.AppendUint32(nil, uint32(member))
	return wire.Latest{Member: member, Bytes: binary.LittleEndian.AppendUint32(b, value)}
}

// weather is what a link does to datagrams.
type weather struct {
	lose, double float64
	delay, vary  time.Duration
}

// world is two ends and a link between them on a virtual clock, the same for the same seed.
type world struct {
	t              *testing.T
	now            time.Time
	random         *rand.Rand
	weather        weather
	flying         []flying
	serial         int
	server, player *side
	sent           map[netip.AddrPort]int // bytes towards an address
	datagrams      int
}

type flying struct {
	at       time.Time
	serial   int
	from, to netip.AddrPort
	b        []byte
}

func newWorld(t *testing.T, seed uint64, w weather) *world {
	random := rand.New(rand.NewPCG(seed, 1))
	secrets := Secrets{ToServer: [32]byte{1}, ToPlayer: [32]byte{2}}
	toServer, toPlayer := secrets.Keys(Nonce{3}, 4)
	in := &world{t: t, now: start, random: random, weather: w, sent: map[netip.AddrPort]int{}}
	in.server = &side{addr: serverAddr, latest: map[uint64]told{}, Endpoint: New(Config{
		ID: 4, Seal: toPlayer, Open: toServer, Peer: playerAddr, Now: start, Random: random.Uint64,
	})}
	in.player = &side{addr: playerAddr, latest: map[uint64]told{}, Endpoint: New(Config{
		ID: 4, Seal: toServer, Open: toPlayer, Peer: serverAddr, Now: start, Player: true, Random: random.Uint64,
	})}
	return in
}

// pump lets s send what it has.
func (w *world) pump(s *side) {
	for range 10_000 {
		buf := make([]byte, MaxDatagram)
		n := s.Send(buf, w.now)
		if n == 0 {
			return
		}
		w.fly(s.addr, s.Peer(), buf[:n])
	}
	w.t.Fatal("an end goes on sending without an end")
}

func (w *world) fly(from, to netip.AddrPort, b []byte) {
	w.sent[to] += len(b)
	w.datagrams++
	copies := 1
	if w.random.Float64() < w.weather.double {
		copies = 2
	}
	for range copies {
		if w.random.Float64() < w.weather.lose {
			continue
		}
		delay := w.weather.delay
		if w.weather.vary > 0 {
			delay += time.Duration(w.random.Int64N(int64(w.weather.vary)))
		}
		w.serial++
		w.flying = append(w.flying, flying{w.now.Add(delay), w.serial, from, to, bytes.Clone(b)})
	}
	sort.Slice(w.flying, func(i, j int) bool {
		a, b := w.flying[i], w.flying[j]
		return a.at.Before(b.at) || a.at.Equal(b.at) && a.serial < b.serial
	})
}

// run lets time pass until then.
func (w *world) run(until time.Time) {
	for {
		w.pump(w.server)
		w.pump(w.player)
		next := until
		for _, s := range []*side{w.server, w.player} {
			if at := s.Next(); !s.Over() && at.Before(next) {
				next = at
			}
		}
		if len(w.flying) > 0 && w.flying[0].at.Before(next) {
			next = w.flying[0].at
		}
		if !next.Before(until) {
			w.now = until
			return
		}
		if next.After(w.now) {
			w.now = next
		}
		for len(w.flying) > 0 && !w.flying[0].at.After(w.now) {
			f := w.flying[0]
			w.flying = w.flying[1:]
			w.land(f)
		}
	}
}

func (w *world) land(f flying) {
	for _, s := range []*side{w.server, w.player} {
		if s.addr != f.to {
			continue
		}
		err := s.Receive(f.b, f.from, w.now, s)
		if err != nil && !errors.Is(err, ErrReplay) && !errors.Is(err, ErrForged) && !errors.Is(err, ErrMalformed) {
			w.t.Fatalf("%v does not take what came: %v", s.addr, err)
		}
	}
}
