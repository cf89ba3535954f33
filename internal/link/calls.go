package link

import (
	"context"
	"errors"
	"fmt"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// ErrNotLinked: the server has no stream, or lost it before it answered.
var ErrNotLinked = errors.New("server is not linked")

// ErrRefused: the server said no; its reason follows.
var ErrRefused = errors.New("server refused")

var _ handover.Links = (*Hub)(nil)

// question is what an answer of a server is known by.
type question struct {
	opening bool // OpenSession; else HandOver
	session model.SessionRef
	gen     model.Generation
}

type answer struct {
	state   []byte
	refusal string
}

// HandOver freezes the session on its server and answers its state. It waits for the server until ctx ends. A session that is
// not on the move by the registry is left alone: the move was called off, and nobody would let the session go on again.
// ErrNotLinked, ErrRefused.
func (h *Hub) HandOver(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation) ([]byte, error) {
	got, err := h.ask(ctx, server, question{session: session, gen: gen}, &greenroomv1.LinkResponse{
		Message: &greenroomv1.LinkResponse_HandOver{HandOver: &greenroomv1.HandOver{Session: convert.SessionRefProto(session, gen)}},
	}, func() error { return h.moves(ctx, session, gen) })
	if err != nil {
		return nil, fmt.Errorf("hand over %v on %s: %w", session, server, err)
	}
	return got.state, nil
}

// Open brings a session to a server and returns once the server has it. ErrNotLinked, ErrRefused.
func (h *Hub) Open(ctx context.Context, server model.ServerID, open handover.Opening) error {
	ref := convert.SessionRefProto(open.Session, open.Generation)
	_, err := h.ask(ctx, server, question{opening: true, session: open.Session, gen: open.Generation}, &greenroomv1.LinkResponse{
		Message: &greenroomv1.LinkResponse_Open{Open: &greenroomv1.OpenSession{
			Session: ref, SeatCapacity: uint32(open.Capacity), State: open.State, Complete: open.Complete,
		}},
	}, func() error { return nil })
	if err != nil {
		return fmt.Errorf("open %v on %s: %w", open.Session, server, err)
	}
	return nil
}

// Resume takes a HandOver back; it returns once the server's stream has taken it. A session that is not live there by the
// registry is left as it is: whoever took the hand-over back comes too late, and another has frozen it since at the same
// generation. No HandOver is told to the server between the look and the word. ErrNotLinked.
func (h *Hub) Resume(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation) error {
	st, err := h.stream(server)
	if err == nil {
		err = st.inTurn(ctx, func() error { return h.resumeLive(ctx, st, session, gen) })
	}
	if err != nil {
		return fmt.Errorf("resume %v on %s: %w", session, server, err)
	}
	return nil
}

// moves tells whether a session is on the move; else why it must not be frozen.
func (h *Hub) moves(ctx context.Context, session model.SessionRef, gen model.Generation) error {
	s, err := h.cfg.Registry.GetSession(ctx, session)
	if err != nil {
		return err
	}
	return MayFreeze(&s, gen)
}

// resumeLive tells a server to let a session go on that is live on it.
func (h *Hub) resumeLive(ctx context.Context, st *stream, session model.SessionRef, gen model.Generation) error {
	s, err := h.cfg.Registry.GetSession(ctx, session)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !GoesOn(&s, st.server, gen):
		return nil
	}
	return st.queue(ctx, &greenroomv1.LinkResponse{
		Message: &greenroomv1.LinkResponse_Resume{Resume: &greenroomv1.Resume{Session: convert.SessionRefProto(session, gen)}},
	})
}

// Close ends the session on a server, and for good if there is no redirect; it returns once the server's stream has
// taken it. ErrNotLinked: the server hears of it in the welcome of its next stream.
func (h *Hub) Close(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation,
	reason string, to *handover.Redirect,
) error {
	if to == nil {
		h.copies.Drop(session, gen)
	}
	if st, err := h.stream(server); err == nil {
		st.rooms.remove(session)
	}
	return h.say(ctx, server, &greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Close{Close: &greenroomv1.CloseSession{
		Session: convert.SessionRefProto(session, gen), Reason: reason, Redirect: redirect(to),
	}}})
}

// Release tells a server that a player was removed: it closes the connection and frees the seat. ErrNotLinked.
func (h *Hub) Release(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation,
	seat model.SeatID, reason string,
) error {
	return h.say(ctx, server, &greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Release{Release: &greenroomv1.Release{
		Session: convert.SessionRefProto(session, gen), Seat: uint64(seat), Reason: reason,
	}}})
}

// LastCopy answers the newest copy of the session that any server sent. The state is shared and must not be changed.
func (h *Hub) LastCopy(session model.SessionRef) (state []byte, ok bool) {
	return h.copies.Get(session)
}

func redirect(to *handover.Redirect) *greenroomv1.Redirect {
	if to == nil {
		return nil
	}
	r := &greenroomv1.Redirect{Server: string(to.Server), Endpoints: convert.EndpointsProto(to.Endpoints)}
	for _, t := range to.Tickets {
		r.Tickets = append(r.Tickets, &greenroomv1.PlayerTicket{
			Player: string(t.Player), Ticket: t.Ticket, ConnectToken: t.ConnectToken, ExpiresAt: convert.TimeProto(t.Seat.ExpiresAt),
		})
	}
	return r
}

func (h *Hub) stream(server model.ServerID) (*stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if st := h.streams[server]; st != nil {
		return st, nil
	}
	return nil, ErrNotLinked
}

func (h *Hub) say(ctx context.Context, server model.ServerID, m *greenroomv1.LinkResponse) error {
	st, err := h.stream(server)
	if err == nil {
		err = st.queue(ctx, m)
	}
	if err != nil {
		return fmt.Errorf("tell %s: %w", server, err)
	}
	return nil
}

// ask puts a question to a server, if may still allows it when it is its turn.
func (h *Hub) ask(ctx context.Context, server model.ServerID, q question, m *greenroomv1.LinkResponse, may func() error) (answer, error) {
	st, err := h.stream(server)
	if err != nil {
		return answer{}, err
	}
	replies := make(chan answer, 1)
	st.expect(q, replies)
	defer st.forget(q, replies)
	err = st.inTurn(ctx, func() error {
		if err := may(); err != nil {
			return err
		}
		return st.queue(ctx, m)
	})
	if err != nil {
		return answer{}, err
	}
	select {
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-st.done:
		return answer{}, ErrNotLinked
	case got := <-replies:
		if got.refusal != "" {
			return answer{}, fmt.Errorf("%w: %s", ErrRefused, got.refusal)
		}
		return got, nil
	}
}

// inTurn has only one verb at a time look at something and tell the server what follows.
func (st *stream) inTurn(ctx context.Context, do func() error) error {
	select {
	case st.turn <- struct{}{}:
		defer func() { <-st.turn }()
		return do()
	case <-st.done:
		return ErrNotLinked
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (st *stream) queue(ctx context.Context, m *greenroomv1.LinkResponse) error {
	select {
	case st.out <- m:
		return nil
	case <-st.done:
		return ErrNotLinked
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (st *stream) expect(q question, replies chan<- answer) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.waiting[q] = append(st.waiting[q], replies)
}

func (st *stream) forget(q question, replies chan<- answer) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for i, w := range st.waiting[q] {
		if w == replies {
			st.waiting[q] = append(st.waiting[q][:i:i], st.waiting[q][i+1:]...)
		}
	}
	if len(st.waiting[q]) == 0 {
		delete(st.waiting, q)
	}
}

// reply gives an answer to everybody who waits for it; each takes one.
func (st *stream) reply(q question, a answer) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, w := range st.waiting[q] {
		w <- a
	}
	delete(st.waiting, q)
}
