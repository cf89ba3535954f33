package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// rooms are those of this process, by session. It is the doors' gate and what the control plane's wishes act on.
type rooms struct {
	plane    Plane
	log      *slog.Logger
	counters room.Counters
	logic    func(model.SessionRef) room.Logic // nil: none

	mu      sync.Mutex
	ctx     context.Context // of Run; ended: nothing is opened any more
	byName  map[model.SessionRef]*hosted
	stages  stages
	running sync.WaitGroup
}

// hosted is a room and the handle its control plane knows the session by.
type hosted struct {
	*room.Room
	session sdk.Session
}

func refOf(s sdk.Session) model.SessionRef {
	return model.SessionRef{Route: model.RouteName(s.Route), Key: model.SessionKey(s.Key)}
}

func (r *rooms) start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ctx = ctx
}

// wait returns when every room is over. The context of start must have ended.
func (r *rooms) wait() {
	r.mu.Lock() // none is opened from here on
	r.byName = nil
	r.mu.Unlock()
	r.running.Wait()
}

// Admit implements room.Gate.
//
// It works on a stack of its own: checking a ticket takes more than a connection ever needs again, and a goroutine's stack
// that has grown stays so. On the connection's, which waits in a read for as long as the member is there, that were 4 KiB each.
func (r *rooms) Admit(token, player string) (admission room.Admission, refusal *room.Refusal) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		admission, refusal = r.admit(token, player)
	}()
	<-done
	return admission, refusal
}

func (r *rooms) admit(token, player string) (room.Admission, *room.Refusal) {
	seat, err := r.plane.Claim(token)
	if err != nil {
		return room.Admission{}, refusal(err)
	}
	if player != "" && player != seat.Player {
		r.plane.Release(seat)
		return room.Admission{}, &room.Refusal{Code: wire.CloseBadTicket, Reason: "the user name is not the ticket's player"}
	}
	h, err := r.get(seat)
	if err != nil {
		return room.Admission{}, refusal(err)
	}
	return room.Admission{Room: h.Room, Player: seat.Player, Seat: seat.ID}, nil
}

// OpenConnect implements room.ConnectGate.
func (r *rooms) OpenConnect(part []byte) (ticket.DirectionKeys, *room.Refusal) {
	_, keys, err := r.plane.OpenConnect(part)
	if err != nil {
		return ticket.DirectionKeys{}, refusal(err)
	}
	return keys, nil
}

// refusal gives the close code of an error of Plane.Claim.
func refusal(err error) *room.Refusal {
	code := wire.CloseGoingAway
	switch {
	case errors.Is(err, ticket.ErrMalformed), errors.Is(err, ticket.ErrSignature):
		code = wire.CloseBadTicket
	case errors.Is(err, ticket.ErrOtherServer):
		code = wire.CloseOtherServer
	case errors.Is(err, ticket.ErrExpired):
		code = wire.CloseExpired
	case errors.Is(err, ticket.ErrReleased):
		code = wire.CloseReleased
	case errors.Is(err, sdk.ErrSessionFull), errors.Is(err, sdk.ErrServerFull):
		code = wire.CloseFull
	}
	return &room.Refusal{Code: code, Reason: err.Error()}
}

// get answers the seat's room, made if this is the first seat of its session.
func (r *rooms) get(seat sdk.Seat) (*hosted, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.byName[refOf(seat.Session)]; h != nil && h.session == seat.Session {
		return h, nil
	}
	h := &hosted{session: seat.Session}
	h.Room = room.New(r.config(h, seat.Capacity))
	return h, r.open(h)
}

// find answers a session's room, or nil.
func (r *rooms) find(s sdk.Session) *hosted {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.byName[refOf(s)]; h != nil && h.session == s {
		return h
	}
	return nil
}

// open runs the room, in place of an older generation's; mu is held.
func (r *rooms) open(h *hosted) error {
	if r.byName == nil || r.ctx == nil || r.ctx.Err() != nil {
		return errors.New("the server is going away; join again")
	}
	ref := refOf(h.session)
	if old := r.byName[ref]; old != nil {
		_ = old.Close(wire.CloseGoingAway, "a newer session took its place; join again", nil)
	}
	r.byName[ref] = h
	r.stages.show(h.Room)
	ctx := r.ctx
	r.running.Go(func() {
		h.Run(ctx)
		r.forget(h)
	})
	return nil
}

func (r *rooms) forget(h *hosted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName[refOf(h.session)] == h {
		delete(r.byName, refOf(h.session))
	}
}

func (r *rooms) config(h *hosted, capacity int) room.Config {
	return room.Config{
		Logic:     r.game(refOf(h.session)),
		Flag:      r.plane.Flag,
		Session:   refOf(h.session),
		Capacity:  capacity,
		Settings:  r.plane.Settings(),
		Epoch:     uint64(time.Now().UnixMicro()),
		CopyEvery: r.plane.CopyInterval(),
		Counters:  &r.counters,
		Hooks: room.Hooks{
			Released: func(player string, seat uint64) {
				r.plane.Release(sdk.Seat{ID: seat, Player: player, Session: h.session})
			},
			Lost: func(player string, seat uint64) {
				r.plane.Lost(sdk.Seat{ID: seat, Player: player, Session: h.session})
			},
			Refused: func(player string, seat uint64) {
				r.plane.Refused(sdk.Seat{ID: seat, Player: player, Session: h.session})
			},
			Ended: func() {
				r.forget(h)
				r.plane.Ended(h.session)
			},
			Copy:  func(state []byte) { r.plane.Copy(h.session, state) },
			Fault: func(f room.Fault) { r.fault(refOf(h.session), f) },
		},
	}
}

// list answers the rooms, in no order.
func (r *rooms) list() []*hosted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.byName))
}

// handler is what the control plane's wishes do.
func (r *rooms) handler() sdk.Handler {
	return sdk.Handler{
		Open:     r.restore,
		Stage:    r.stage,
		HandOver: r.handOver,
		Resume: func(s sdk.Session) {
			if h := r.find(s); h != nil {
				_ = h.Resume()
			}
		},
		Close: r.close,
		Kick: func(seat sdk.Seat, reason string) {
			if h := r.find(seat.Session); h != nil {
				_ = h.Kick(seat.ID, reason)
			}
		},
	}
}

func (r *rooms) restore(_ context.Context, s sdk.Session, capacity int, state []byte, complete bool) error {
	h := &hosted{session: s}
	cfg := r.config(h, capacity)
	if len(state) == 0 {
		h.Room = room.New(cfg)
	} else {
		restored, err := room.Restore(cfg, state, complete, time.Now())
		if err != nil {
			return err
		}
		h.Room = restored
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open(h)
}

func (r *rooms) handOver(ctx context.Context, s sdk.Session) ([]byte, error) {
	h := r.find(s)
	if h == nil {
		return nil, fmt.Errorf("no room of %s/%s is here", s.Route, s.Key)
	}
	state := make(chan []byte, 1)
	if err := h.Freeze(func(b []byte) { state <- b }); err != nil {
		return nil, err
	}
	select {
	case b := <-state:
		return b, nil
	case <-ctx.Done():
		_ = h.Resume()
		return nil, ctx.Err()
	}
}

func (r *rooms) close(s sdk.Session, reason string, to *sdk.Redirect) {
	h := r.find(s)
	if h == nil {
		return
	}
	r.forget(h)
	if to == nil {
		_ = h.Room.Close(wire.CloseEnded, reason, nil)
		return
	}
	redirect := &room.Redirect{URLs: map[string]string{}, Tickets: to.Tickets, ConnectTokens: to.ConnectTokens}
	for _, e := range to.Endpoints {
		redirect.URLs[e.GetName()] = e.GetUrl()
	}
	_ = h.Room.Close(wire.CloseMoved, reason, redirect)
}
