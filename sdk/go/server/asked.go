package server

import (
	"context"
	"fmt"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/seatbook"
)

// serverLane is the lane of what concerns the whole server.
var serverLane = model.SessionRef{}

// receive takes what the control plane asks until the stream ends; each session's requests wait in its lane.
func (c *conn) receive(ctx context.Context) error {
	for {
		message, err := c.stream.Receive()
		if err != nil {
			return err
		}
		switch m := message.GetMessage().(type) {
		case *greenroomv1.LinkResponse_Want:
			c.server.takeWant(m.Want)
		case *greenroomv1.LinkResponse_Open:
			c.do(m.Open.GetSession(), func() { c.open(ctx, m.Open) })
		case *greenroomv1.LinkResponse_HandOver:
			c.do(m.HandOver.GetSession(), func() { c.handOver(ctx, m.HandOver.GetSession()) })
		case *greenroomv1.LinkResponse_Resume:
			c.do(m.Resume.GetSession(), func() { c.server.resume(m.Resume.GetSession()) })
		case *greenroomv1.LinkResponse_Close:
			c.server.close(m.Close)
		case *greenroomv1.LinkResponse_Release:
			c.server.releaseAsked(m.Release)
		case *greenroomv1.LinkResponse_Stage:
			c.server.takeStage(m.Stage, false)
		case *greenroomv1.LinkResponse_Room:
			c.server.takeRoom(m.Room)
		case *greenroomv1.LinkResponse_Flags:
			c.server.takeFlags(m.Flags.GetFlags())
		}
	}
}

func (c *conn) do(session *greenroomv1.SessionRef, f func()) {
	ref, _ := convert.SessionRefModel(session)
	c.server.lanes.do(ref, f)
}

func (s *Server) takeWant(w *greenroomv1.Want) {
	s.mu.Lock()
	s.want = w
	s.mu.Unlock()
	if f := s.cfg.Handler.Want; f != nil {
		s.lanes.do(serverLane, func() { f(w) })
	}
}

func (s *Server) takeStage(m *greenroomv1.StageMessages, all bool) {
	if f := s.cfg.Handler.Stage; f != nil {
		s.lanes.do(serverLane, func() { f(m.GetMessages(), all) })
	}
}

func (s *Server) takeRoom(r *greenroomv1.RoomSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = r
}

// open brings a session here. Asked again for one that is here, it says yes again.
func (c *conn) open(ctx context.Context, m *greenroomv1.OpenSession) {
	answer := &greenroomv1.SessionOpened{Session: m.GetSession()}
	if err := c.server.open(ctx, m); err != nil {
		answer.Error = err.Error()
	}
	c.answer(&greenroomv1.LinkRequest{Message: &greenroomv1.LinkRequest_Opened{Opened: answer}})
}

func (s *Server) open(ctx context.Context, m *greenroomv1.OpenSession) error {
	ref, gen := convert.SessionRefModel(m.GetSession())
	s.mu.Lock()
	held, replaced, err := s.book.Open(ref, gen, int(m.GetSeatCapacity()), s.now())
	s.mu.Unlock()
	s.touch()
	if replaced != nil {
		s.closed(replaced, "a newer copy of the session came to this server", &Redirect{})
	}
	if held == nil {
		return err
	}
	if f := s.cfg.Handler.Open; f != nil {
		err = f(ctx, handleOf(held), int(m.GetSeatCapacity()), m.GetState(), m.GetComplete())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.Opened(held, err != nil)
	s.touch()
	return err
}

// handOver freezes a session and answers its last copy; asked again, it answers the same again. A session that nobody
// has entered yet has nothing to hand over; whoever has a ticket for it waits until it is known where it is.
func (c *conn) handOver(ctx context.Context, session *greenroomv1.SessionRef) {
	answer, err := c.server.freeze(ctx, session)
	if err != nil {
		answer = &greenroomv1.SessionCopy{Session: session, Final: true, Error: err.Error()}
	}
	c.answer(&greenroomv1.LinkRequest{Message: &greenroomv1.LinkRequest_Copy{Copy: answer}})
}

func (s *Server) freeze(ctx context.Context, session *greenroomv1.SessionRef) (*greenroomv1.SessionCopy, error) {
	ref, gen := convert.SessionRefModel(session)
	s.mu.Lock()
	held, last, err := s.book.Freeze(ref, gen, s.now())
	s.mu.Unlock()
	if held != nil {
		var state []byte
		state, err = s.handOver(ctx, handleOf(held))
		s.mu.Lock()
		last, err = s.book.Frozen(held, gen, state, err, s.now())
		s.mu.Unlock()
	}
	if err != nil {
		return nil, err
	}
	return copyProto(last), nil
}

func (s *Server) handOver(ctx context.Context, session Session) ([]byte, error) {
	f := s.cfg.Handler.HandOver
	if f == nil {
		return nil, nil
	}
	state, err := f(ctx, session)
	if err == nil && len(state) > MaxCopyBytes {
		err = fmt.Errorf("state of %v/%v has %d bytes, more than %d", session.Route, session.Key, len(state), MaxCopyBytes)
		if resume := s.cfg.Handler.Resume; resume != nil {
			resume(session)
		}
	}
	return state, err
}

func (s *Server) resume(session *greenroomv1.SessionRef) {
	ref, gen := convert.SessionRefModel(session)
	s.mu.Lock()
	held := s.book.Resume(ref, gen, s.now())
	s.mu.Unlock()
	s.touch()
	if f := s.cfg.Handler.Resume; f != nil && held != nil {
		f(handleOf(held))
	}
}

func (s *Server) close(m *greenroomv1.CloseSession) {
	ref, gen := convert.SessionRefModel(m.GetSession())
	s.lanes.do(ref, func() {
		s.mu.Lock()
		held := s.book.Close(ref, gen, s.now())
		s.mu.Unlock()
		s.touch()
		if held != nil {
			s.closed(held, m.GetReason(), redirect(m.GetRedirect()))
		}
	})
}

// closed tells the handler that a session left; it runs in the session's lane.
func (s *Server) closed(held *seatbook.Session, reason string, to *Redirect) {
	if f := s.cfg.Handler.Close; f != nil {
		f(handleOf(held), reason, to)
	}
}

func (s *Server) releaseAsked(m *greenroomv1.Release) {
	ref, _ := convert.SessionRefModel(m.GetSession())
	id := model.SeatID(m.GetSeat())
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, player, was := s.book.Release(ref, id, s.now()); was {
		s.kick(seatOf(held, id, player), m.GetReason())
	}
	s.touch()
}

func redirect(r *greenroomv1.Redirect) *Redirect {
	if r == nil {
		return nil
	}
	to := &Redirect{Server: r.GetServer(), Endpoints: r.GetEndpoints(), Tickets: map[string]string{}, ConnectTokens: map[string]string{}}
	for _, t := range r.GetTickets() {
		to.Tickets[t.GetPlayer()] = t.GetTicket()
		if t.GetConnectToken() != "" {
			to.ConnectTokens[t.GetPlayer()] = t.GetConnectToken()
		}
	}
	return to
}
