package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/seatbook"
	"greenroom.dev/greenroom/internal/ticket"
)

// Why a good ticket is refused, besides the reasons of package ticket. The texts are for players' clients.
var (
	// ErrSessionFull: every seat of the session is taken.
	ErrSessionFull = seatbook.ErrSessionFull
	// ErrServerFull: the server has no room for another session or another seat.
	ErrServerFull = seatbook.ErrServerFull
	// ErrGone: the session ended here or went to another server.
	ErrGone = seatbook.ErrGone
)

// ErrNotReady: the control plane has not given this server its ticket keys yet, or the ticket's session is just being
// brought here or handed over; try again.
var ErrNotReady = errors.New("server is not ready to take players yet; try again")

const (
	// claimWait bounds how long Claim waits for the first Welcome and for a session that is being opened or handed over.
	claimWait = 2 * time.Second
	// MaxCopyBytes bounds a session's state in Copy and HandOver.
	MaxCopyBytes = 4 << 20
)

// Server is one session server's side of Greenroom. All methods are safe for concurrent use; none but Run waits for
// the control plane, save Claim within its bound.
type Server struct {
	cfg      Config
	log      *slog.Logger
	client   greenroomv1connect.LinkServiceClient
	now      func() time.Time
	lanes    lanes
	changed  chan struct{} // there is something to report
	welcomed chan struct{} // closed at the first Welcome
	flags    atomic.Pointer[[]model.Flag]

	mu      sync.Mutex
	book    *seatbook.Book
	keys    []ticket.Key
	welcome *greenroomv1.Welcome // the last one; nil before the first
	want    *greenroomv1.Want    // the last one
	room    *greenroomv1.RoomSettings
}

// New checks cfg and makes a Server; Run makes it live. No goroutine is started.
func New(cfg Config) (*Server, error) {
	switch u, err := url.Parse(cfg.Link); {
	case cfg.Server == "":
		return nil, errors.New("server config: Server is empty")
	case cfg.Transport != nil:
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("server config: Link %q is not an http:// or https:// address", cfg.Link)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport(cfg.Link, cfg.LinkFile)
	}
	return &Server{
		cfg:      cfg,
		log:      cfg.Logger,
		client:   greenroomv1connect.NewLinkServiceClient(connect.NewClient(cfg.Transport)),
		now:      time.Now,
		changed:  make(chan struct{}, 1),
		welcomed: make(chan struct{}),
		book:     seatbook.New(),
	}, nil
}

// Claim checks a ticket and takes its seat, or resumes it while it lives, be the ticket expired by then or not. The
// shown part of a connect token is as good, in URL-safe base64 (ticket.ShownText). It needs no control plane once this server has been welcomed. Before, and while the session is being opened or handed over, it
// waits up to 2 s. It must not be called from a Handler. Errors wrap ErrSessionFull,
// ErrServerFull, ErrGone, ErrNotReady, or one of package ticket's.
func (s *Server) Claim(token string) (Seat, error) {
	deadline := time.NewTimer(claimWait)
	defer deadline.Stop()
	for wait := (<-chan struct{})(s.welcomed); ; {
		select {
		case <-wait:
		case <-deadline.C:
			if wait != s.welcomed { // the ticket is good, its session was busy
				s.count(func(c *model.Connections) { c.Refused++ })
			}
			return Seat{}, ErrNotReady
		}
		var seat Seat
		var err error
		if seat, wait, err = s.tryClaim(token); wait == nil {
			return seat, err
		}
	}
}

// tryClaim answers a channel to wait for if the session is being opened or handed over.
func (s *Server) tryClaim(token string) (Seat, <-chan struct{}, error) {
	s.mu.Lock()
	keys := s.keys // replaced as a whole, never changed
	s.mu.Unlock()
	now := s.now()
	claims, err := ticket.Read(token, keys, model.ServerID(s.cfg.Server), now, true)
	if err != nil {
		if errors.Is(err, ticket.ErrExpired) { // it was good; what anybody can make up is not counted
			s.count(func(c *model.Connections) { c.Refused++ })
		}
		return Seat{}, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.book.Session(claims.Session); held != nil && held.Busy() != nil {
		return Seat{}, held.Busy(), nil
	}
	held, how, err := s.book.Claim(&claims, now)
	s.touch()
	if err != nil {
		return Seat{}, nil, err
	}
	if how.Replaced != 0 {
		s.kick(seatOf(held, how.Replaced, claims.Player), "the player took another seat of the session")
	}
	return seatOf(held, claims.Seat, claims.Player), nil, nil
}

// OpenConnect checks the shown part of a connect token and answers what it says, and the connection's keys. It takes no
// seat, Claim does, and it does not wait: ErrNotReady before the first Welcome.
func (s *Server) OpenConnect(part []byte) (ticket.Claims, ticket.DirectionKeys, error) {
	s.mu.Lock()
	keys := s.keys // replaced as a whole, never changed
	s.mu.Unlock()
	if keys == nil {
		return ticket.Claims{}, ticket.DirectionKeys{}, ErrNotReady
	}
	return ticket.Open(part, keys, model.ServerID(s.cfg.Server), s.now(), true)
}

// Release gives a seat back: its player left, or did not come back in the resume window. Its ticket opens nothing from
// now on. Releasing it again does nothing.
func (s *Server) Release(seat Seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.book.Session(refOf(seat.Session))
	if held == nil {
		return
	}
	if _, claimed := held.Player(model.SeatID(seat.ID)); claimed {
		s.book.Release(held.Ref, model.SeatID(seat.ID), s.now())
		s.touch()
	}
}

// Lost tells that a connection of a seat ended without its player's leave: the network, an error, a slow reader that was
// closed. The seat stays; Release gives it back. It is counted, and the rollout of a version that loses more than others
// is stopped.
func (s *Server) Lost(Seat) { s.count(func(c *model.Connections) { c.Lost++ }) }

// Refused tells that a connection whose ticket was taken by Claim was not let in after all. It is counted like Lost.
func (s *Server) Refused(Seat) { s.count(func(c *model.Connections) { c.Refused++ }) }

func (s *Server) count(add func(*model.Connections)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(&s.book.Connections)
	s.touch()
}

// Copy hands over a copy of a session's state, to be placed elsewhere with it if this server dies. The caller gives state
// away. Only the newest copy is kept and sent; call it every CopyInterval for sessions that changed. A state above
// MaxCopyBytes is dropped, with a line in the log.
func (s *Server) Copy(session Session, state []byte) {
	if len(state) > MaxCopyBytes {
		s.log.Warn("copy of session is too large and was dropped",
			"route", session.Route, "session", session.Key, "bytes", len(state), "limit", MaxCopyBytes)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.here(session); held != nil {
		s.book.Copy(held, state)
		s.touch()
	}
}

// Ended tells that a session ended on its own, such as a match that is over. Its seats are released. Somebody who holds
// an unused ticket for it may open it anew, empty.
func (s *Server) Ended(session Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.here(session); held != nil {
		s.book.End(held, s.now())
		s.touch()
	}
}

// CopyInterval is how often changed sessions are to be given to Copy. 0: never, or not welcomed yet.
func (s *Server) CopyInterval() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.welcome.GetCopyInterval().AsDuration()
}

// Settings are the fleet's room settings as they are now, with defaults; the defaults alone before the first Welcome.
func (s *Server) Settings() model.RoomSettings {
	s.mu.Lock()
	defer s.mu.Unlock()
	settings := convert.RoomSettingsModel(s.room)
	if s.cfg.ResumeWindow != 0 {
		settings.ResumeWindow = s.cfg.ResumeWindow
	}
	return settings.WithDefaults()
}

// Draining tells whether the server is to get rid of its sessions.
func (s *Server) Draining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.want.GetState()
	return state == greenroomv1.ServerState_SERVER_STATE_DRAINING || state == greenroomv1.ServerState_SERVER_STATE_EMPTY
}

// kick tells the handler that a seat is gone.
func (s *Server) kick(seat Seat, reason string) {
	if f := s.cfg.Handler.Kick; f != nil {
		s.lanes.do(refOf(seat.Session), func() { f(seat, reason) })
	}
}

// touch wakes the link, if it is up, to report.
func (s *Server) touch() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
