package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/usage"
)

// Wires that a load can speak.
const (
	mqttStates  = "mqtt"
	natsStates  = "nats"
	wsStates    = "ws"
	wsPositions = "ws-positions"

	udpPositions = "udp-positions"
	udpFloor     = "udp-floor"
)

// loadSpec describes a load, a process of this program. It prints "start" and "end" around the part that counts, waits for
// its input to end, and prints an outcome.
type loadSpec struct {
	Wire    string
	Addr    string
	Tickets bool // members log in with Greenroom's tickets
	Members int
	Rooms   int     // they spread over; 0: one
	Hz      float64 // 0: idle
	Bytes   int     // of a payload
	Deaf    int     // of the members, those that never read
	Sample  int     // one latency of so many deliveries; 0: each
	Buffer  int     // read at once; 0: the load's own default
	Warm    time.Duration
	For     time.Duration
	Side    float64 // of the square that those who tell positions walk in, in steps
	Speed   float64 // steps a second
	Sight   *sight  // what everybody must see at the end; nil: that is not looked at
}

// outcome is what a load saw.
type outcome struct {
	Seconds    float64
	Sent       uint64
	Delivered  uint64
	Expected   float64 // deliveries
	Bytes      uint64
	Reads      uint64
	P50, P99   float64 // ms
	LateP99    float64 // ms that updates were sent late
	Lost       int
	Why        string
	Resyncs    uint64
	Rejected   uint64
	CPUSeconds float64 // the load's own
	Seen       seen    // with Sight
}

func runGenerator(ctx context.Context, text []byte) error {
	var spec loadSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	g := generator{spec: spec, walks: make([]walk, spec.Members)}
	crowd := load.New(load.Config{
		Dial: g.dial, Hz: spec.Hz, Sample: spec.Sample, ReadBuffer: spec.Buffer, Deaf: func(i int) bool { return i < spec.Deaf },
	})
	defer crowd.Close()
	if err := crowd.Resize(ctx, spec.Members); err != nil {
		return err
	}
	if !pause(ctx, spec.Warm) {
		return ctx.Err()
	}
	cpu, err := usage.CPU(os.Getpid())
	if err != nil {
		return err
	}
	crowd.Begin()
	fmt.Println("start")
	if !pause(ctx, spec.For) {
		return ctx.Err()
	}
	r := crowd.End()
	fmt.Println("end")
	cpuAfter, err := usage.CPU(os.Getpid())
	if err != nil {
		return err
	}
	out := g.outcome(r)
	if spec.Sight != nil {
		if out.Seen, err = g.lookAround(ctx, crowd); err != nil {
			return err
		}
		// Everybody is told of itself and of those it sees.
		out.Expected = float64(out.Seen.Viewers+out.Seen.Others) * spec.Hz * out.Seconds
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	out.CPUSeconds = (cpuAfter - cpu).Seconds()
	return json.NewEncoder(os.Stdout).Encode(out)
}

func (g *generator) outcome(r load.Result) outcome {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	spec := g.spec
	room := float64(spec.Members) / float64(max(spec.Rooms, 1))
	out := outcome{
		Seconds: r.Elapsed.Seconds(), Sent: r.Sent, Delivered: r.Delivered, Bytes: r.Bytes, Reads: r.Reads,
		Expected: float64(spec.Members-spec.Deaf) * room * spec.Hz * r.Elapsed.Seconds(),
		P50:      ms(r.Latency.Quantile(0.50)), P99: ms(r.Latency.Quantile(0.99)), LateP99: ms(r.Late.Quantile(0.99)),
		Lost: r.Lost, Resyncs: r.Resyncs, Rejected: r.Rejected,
	}
	if r.Why != nil {
		out.Why = r.Why.Error()
	}
	return out
}

// generator dials the members of a load.
type generator struct {
	spec  loadSpec
	plane server.Standalone
	walks []walk // by member, of those who tell positions
}

// walk is where a member is, and what it sees of the others.
type walk struct {
	last wire.Position // as it was told last
	view *load.View    // nil: nobody looks
}

const (
	// perSource is how many members come from one loopback address, so that ports do not run out.
	perSource = 10_000
	// deafBuffer is what the kernel keeps for a member that does not read.
	deafBuffer = 4 << 10
	// udpBuffer holds some ticks of datagrams: what a member is too late for is lost.
	udpBuffer = 256 << 10
)

func (g *generator) dial(ctx context.Context, i int) (net.Conn, load.Wire, error) {
	from := net.IPv4(127, 0, 0, byte(2+i/perSource))
	network, dialer := "tcp", net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}
	if g.spec.Wire == udpPositions || g.spec.Wire == udpFloor {
		network, dialer.LocalAddr = "udp", &net.UDPAddr{IP: from}
	}
	conn, err := dialer.DialContext(ctx, network, g.spec.Addr)
	if err != nil {
		return nil, nil, err
	}
	if udp, ok := conn.(*net.UDPConn); ok {
		_ = udp.SetReadBuffer(udpBuffer)
	}
	if i < g.spec.Deaf {
		_ = conn.(*net.TCPConn).SetReadBuffer(deafBuffer)
	}
	return conn, g.wire(i), nil
}

func (g *generator) wire(i int) load.Wire {
	rooms := max(g.spec.Rooms, 1)
	room, name := "room", memberName(i)
	if rooms > 1 {
		room = fmt.Sprintf("room-%d", i%rooms)
	}
	seats := (g.spec.Members + rooms - 1) / rooms
	session := model.SessionRef{Route: "bench", Key: model.SessionKey(room)}
	ticket := "none"
	if g.spec.Tickets {
		ticket = g.plane.Ticket(session, model.PlayerID(name), seats)
	}
	body := load.Padded(g.spec.Bytes)
	switch g.spec.Wire {
	case natsStates:
		return &natsWire{Subject: "r." + room + ".s.pos." + name, Filter: "r." + room + ".s.>", Body: body}
	case wsStates:
		return &load.WebSocket{Host: g.spec.Addr, Ticket: ticket, Key: "pos/" + name, Body: body}
	case wsPositions:
		return &load.WebSocket{Host: g.spec.Addr, Ticket: ticket, Position: g.walk(&g.walks[i]), Stamped: stamped(i), View: g.view(i)}
	case udpPositions:
		token := g.plane.ConnectToken(session, model.PlayerID(name), seats)
		return &load.UDP{Token: token, Position: g.walk(&g.walks[i]), Stamped: stamped(i), View: g.view(i)}
	case udpFloor:
		return floorWire{}
	default:
		return &load.MQTT{User: name, Password: ticket, Topic: "r/" + room + "/s/pos/" + name, Filter: "r/" + room + "/s/#", Body: body}
	}
}

// stamped: one in 16 tells its time, enough for quantiles, and no more than a game would send along.
func stamped(i int) bool { return i%16 == 0 }

// view is where a member keeps what it sees, if somebody looks.
func (g *generator) view(i int) *load.View {
	if g.spec.Sight == nil {
		return nil
	}
	g.walks[i].view = &load.View{}
	return g.walks[i].view
}

// walk makes a member wander about.
func (g *generator) walk(keep *walk) func(int64) wire.Position {
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	w := load.NewWalk(g.spec.Side, g.spec.Speed, random)
	step := time.Duration(float64(time.Second) / max(g.spec.Hz, 1))
	return func(int64) wire.Position {
		w.Step(step, random.Float64())
		keep.last = wire.Position{X: int16(w.X), Y: int16(w.Y)}
		return keep.last
	}
}

// pause waits; false: ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
