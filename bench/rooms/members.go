package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/wire"
)

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
