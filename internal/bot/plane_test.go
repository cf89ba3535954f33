package bot

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/mqtt"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/room/ws"
	"greenroom.dev/greenroom/sdk/go/client"
)

// plane is the least control plane that players can be moved about by, over real room cores and doors.
type plane struct {
	greenroomv1connect.UnimplementedJoinServiceHandler
	greenroomv1connect.UnimplementedFleetServiceHandler
	greenroomv1connect.UnimplementedRouteServiceHandler
	greenroomv1connect.UnimplementedEventServiceHandler
	t   *testing.T
	api *httptest.Server
	web *http.Client

	full   string        // keys that end so find no room; "": none
	queued time.Duration // that each join is said to have waited

	mu       sync.Mutex
	servers  []*roomServer
	sessions map[string]*placed
	grants   map[string]grant // by ticket
	seats    uint64
}

type grant struct {
	server *roomServer
	key    string
	player string
	seat   uint64
}

type placed struct {
	server *roomServer
	room   *room.Room
	copy   []byte // the last one
	seats  map[string]uint64
	taken  map[uint64]bool // seats whose player connected
}

// roomServer is one room server's process, as far as players can tell.
type roomServer struct {
	plane *plane
	web   *httptest.Server
	ws    *ws.Door
	mqtt  *mqtt.Door
	mqttL *tracked
	webL  *tracked
	stop  context.CancelFunc
	life  context.Context
	done  sync.WaitGroup
}

// tracked is a listener whose connections can be broken as a dying process breaks them.
type tracked struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (l *tracked) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		l.conns = append(l.conns, c)
		l.mu.Unlock()
	}
	return c, err
}

func (l *tracked) die() {
	l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
}

func newPlane(t *testing.T, servers int) *plane {
	t.Helper()
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	t.Cleanup(web.CloseIdleConnections)
	p := &plane{t: t, web: web, sessions: map[string]*placed{}, grants: map[string]grant{}}
	for range servers {
		p.servers = append(p.servers, p.newServer())
	}
	rpc := connect.NewServer()
	greenroomv1connect.RegisterJoinServiceHandler(rpc, p)
	greenroomv1connect.RegisterFleetServiceHandler(rpc, p)
	greenroomv1connect.RegisterRouteServiceHandler(rpc, p)
	greenroomv1connect.RegisterEventServiceHandler(rpc, p)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, rpc)
	p.api = httptest.NewServer(mux)
	t.Cleanup(func() {
		p.api.Close()
		for _, s := range p.servers {
			s.kill()
			s.done.Wait()
		}
	})
	return p
}

func (p *plane) newServer() *roomServer {
	s := &roomServer{plane: p}
	s.life, s.stop = context.WithCancel(context.Background())
	s.ws, s.mqtt = &ws.Door{Gate: s}, &mqtt.Door{Gate: s}
	s.web = httptest.NewUnstartedServer(s.ws)
	s.webL = &tracked{Listener: s.web.Listener}
	s.web.Listener = s.webL
	s.web.Start()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	s.mqttL = &tracked{Listener: l}
	s.done.Go(func() { _ = s.mqtt.Serve(s.life, s.mqttL) })
	return s
}

// kill: the process is gone, its rooms and connections with it.
func (s *roomServer) kill() {
	s.webL.die()
	s.mqttL.die()
	s.stop()
	s.ws.Close()
	s.mqtt.Close()
	s.web.Close()
}

func (s *roomServer) endpoints() []*greenroomv1.Endpoint {
	return []*greenroomv1.Endpoint{
		{Name: "ws", Url: "ws://" + s.webL.Addr().String() + "/room"},
		{Name: "mqtt", Url: "mqtt://" + s.mqttL.Addr().String()},
	}
}

// Admit implements room.Gate.
func (s *roomServer) Admit(ticket, _ string) (room.Admission, *room.Refusal) {
	p := s.plane
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.grants[ticket]
	session := p.sessions[g.key]
	switch {
	case !ok || g.server != s:
		return room.Admission{}, &room.Refusal{Code: wire.CloseOtherServer, Reason: "the ticket is for another server"}
	case session.server != s:
		return room.Admission{}, &room.Refusal{Code: wire.CloseGoingAway, Reason: "the session is not here any more"}
	}
	session.taken[g.seat] = true
	return room.Admission{Room: session.room, Player: g.player, Seat: g.seat}, nil
}

// Join implements the API.
func (p *plane) Join(_ context.Context, q *greenroomv1.JoinRequest) (*greenroomv1.JoinResponse, error) {
	if p.full != "" && strings.HasSuffix(q.GetKey(), p.full) {
		return nil, connect.NewError(connect.CodeResourceExhausted, "no room")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	session := p.sessions[q.GetKey()]
	if session == nil {
		session = &placed{seats: map[string]uint64{}, taken: map[uint64]bool{}}
		p.sessions[q.GetKey()] = session
		p.open(q.GetKey(), session, p.servers[len(p.sessions)%len(p.servers)], nil, false)
	}
	answer := &greenroomv1.JoinResponse{
		Route: q.GetRoute(), Key: q.GetKey(), Server: session.server.webL.Addr().String(), Endpoints: session.server.endpoints(),
		Waited: durationpb.New(p.queued),
	}
	for _, player := range q.GetPlayers() {
		answer.Tickets = append(answer.Tickets, &greenroomv1.Ticket{Player: player, Ticket: p.ticket(q.GetKey(), session, player)})
	}
	return answer, nil
}

func (p *plane) ticket(key string, session *placed, player string) string {
	seat, ok := session.seats[player]
	if !ok {
		p.seats++
		seat = p.seats
		session.seats[player] = seat
	}
	ticket := fmt.Sprintf("ticket-%d", len(p.grants)+1)
	p.grants[ticket] = grant{session.server, key, player, seat}
	return ticket
}

// open puts the session's room onto a server. p.mu is held.
func (p *plane) open(key string, session *placed, on *roomServer, state []byte, complete bool) {
	cfg := room.Config{
		Session:   model.SessionRef{Route: "plaza", Key: model.SessionKey(key)},
		Settings:  model.RoomSettings{Tick: 20 * time.Millisecond},
		Epoch:     uint64(time.Now().UnixMicro()),
		CopyEvery: 50 * time.Millisecond,
		Hooks: room.Hooks{
			Released: func(player string, seat uint64) { p.released(key, player, seat) },
			Copy:     func(state []byte) { p.copied(key, state) },
		},
	}
	session.server, session.room = on, room.New(cfg)
	if state != nil {
		var err error
		if session.room, err = room.Restore(cfg, state, complete, time.Now()); err != nil {
			p.t.Errorf("restore %s: %v", key, err)
		}
	}
	on.done.Go(func() { session.room.Run(on.life) })
}

func (p *plane) released(key, player string, seat uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if session := p.sessions[key]; session.seats[player] == seat {
		delete(session.seats, player)
	}
}

func (p *plane) copied(key string, state []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[key].copy = append([]byte(nil), state...)
}

// drain hands every session of a server over to another, as handover does.
func (p *plane) drain(from, to int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, session := range p.sessions {
		if session.server != p.servers[from] {
			continue
		}
		old := session.room
		frozen := make(chan []byte, 1)
		if err := old.Freeze(func(state []byte) { frozen <- state }); err != nil {
			p.t.Errorf("freeze %s: %v", key, err)
			continue
		}
		p.mu.Unlock() // the room's hooks take it
		state := <-frozen
		p.mu.Lock()
		p.open(key, session, p.servers[to], state, true)
		redirect := &room.Redirect{URLs: map[string]string{}, Tickets: map[string]string{}}
		for _, e := range p.servers[to].endpoints() {
			redirect.URLs[e.GetName()] = e.GetUrl()
		}
		for player := range session.seats {
			redirect.Tickets[player] = p.ticket(key, session, player)
		}
		if err := old.Close(wire.CloseMoved, "drain", redirect); err != nil {
			p.t.Errorf("close %s: %v", key, err)
		}
	}
}

// crash kills a server; its sessions are on another one at once, from their last copies.
func (p *plane) crash(from, to int) {
	p.servers[from].kill()
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, session := range p.sessions {
		if session.server == p.servers[from] {
			p.open(key, session, p.servers[to], session.copy, false)
		}
	}
}

// emptied checks that no seat is taken soon after the last player left.
func (p *plane) emptied() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Second)
	defer cancel()
	for {
		seated := 0
		p.mu.Lock()
		for _, session := range p.sessions {
			for _, seat := range session.seats {
				if session.taken[seat] { // the answer to a join may have come when nobody heard it any more
					seated++
				}
			}
		}
		p.mu.Unlock()
		if seated == 0 {
			return
		}
		if !wait(ctx, 10*time.Millisecond) {
			p.t.Errorf("%d seats are still taken", seated)
			return
		}
	}
}

func (p *plane) config() Config {
	return Config{
		API: client.Config{URL: p.api.URL, HTTP: p.web}, Route: "plaza", Sessions: 4, Players: 20, Hz: 20,
		EventEvery: 100 * time.Millisecond, Ramp: 200 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(p.t.Output(), nil)),
	}
}
