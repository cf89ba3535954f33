package chaos

import (
	"context"
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// What follows are the registry's verbs with what the rules say of them, looked at in the moment in which they take effect.

var background = context.Background()

// reserve seats a party, for a router that asked at sent.
func (a *authority) reserve(router *node, sent time.Time, asked *registry.Reserve) (registry.Reservation, error) {
	w, req := a.w, asked
	if w.has(EternalReservation) {
		req = new(*asked) // another copy of it may come
		req.ExpiresAt = req.ExpiresAt.Add(time.Hour)
	}
	res, err := a.Memory.Reserve(background, *req)
	if w.has(Oversell) && errors.Is(err, registry.ErrSessionFull) {
		res, err = a.oversell(*req)
	}
	if err != nil {
		switch {
		case errors.Is(err, registry.ErrSessionFull): // so it is mostly
			w.cover(joinMetFullSession)
		case errors.Is(err, registry.ErrMoving) && a.knows(model.SessionRef{Route: req.Route, Key: req.Key}):
			w.cover(joinMetMove)
		case errors.Is(err, registry.ErrMoving):
			w.cover(joinMetEnd)
		case errors.Is(err, registry.ErrFull):
			w.cover(joinMetFullFleet)
		}
		return res, err
	}
	w.note("reserved", string(res.Session.Key), string(res.Server), uint64(res.Seats[0].ID))
	if !a.answered[req.RequestID] { // else it is the answer of before, and what became of it since is no matter
		w.rules.reserved(router, sent, req, &res)
		a.answered[req.RequestID] = true
	}
	return res, nil
}

// knows tells whether there is such a session.
func (a *authority) knows(ref model.SessionRef) bool {
	_, err := a.Memory.GetSession(background, ref)
	return err == nil
}

// setState changes a server's state, for something that a node began at asked.
func (a *authority) setState(from *node, asked time.Time, id model.ServerID, gen model.Generation, c registry.StateChange) (model.Server, error) {
	before, err := a.GetServer(background, id)
	if err != nil {
		return model.Server{}, err
	}
	use := gen
	if a.w.has(NoGenerationCheck) {
		use = before.Generation
	}
	after, err := a.Memory.SetState(background, id, use, c)
	if err != nil {
		if errors.Is(err, registry.ErrStale) {
			a.w.cover(staleChangeRefused)
		}
		return after, err
	}
	a.w.note("became "+c.State.String(), string(id), from.name, uint64(after.Generation))
	a.w.rules.conditional("the state of server "+string(id), uint64(before.Generation), uint64(gen))
	a.w.rules.stateChanged(from, &after)
	a.w.rules.drainChanged(from, asked, &before, &after)
	return after, nil
}

// removeServer forgets a server.
func (a *authority) removeServer(id model.ServerID, gen model.Generation) error {
	before, err := a.GetServer(background, id)
	if err != nil {
		return err
	}
	if err := a.Memory.RemoveServer(background, id, gen); err != nil {
		return err
	}
	a.w.note("removed", string(id), "", 0)
	a.w.rules.conditional("the removal of server "+string(id), uint64(before.Generation), uint64(gen))
	return nil
}

// move is what the steps of a move have in common.
func (a *authority) move(what string, ref model.SessionRef, gen model.Generation, do func(model.Generation) error) error {
	before, err := a.GetSession(background, ref)
	if err != nil {
		return err
	}
	use := gen
	if a.w.has(NoGenerationCheck) {
		use = before.Generation
	}
	if err := do(use); err != nil {
		return err
	}
	a.w.note(what, string(ref.Key), string(before.Server), uint64(gen))
	a.w.rules.conditional(what+" of session "+ref.String(), uint64(before.Generation), uint64(gen))
	return nil
}

func (a *authority) beginMove(ref model.SessionRef, gen model.Generation, now time.Time) (number model.Generation, err error) {
	err = a.move("begin to move", ref, gen, func(gen model.Generation) (err error) {
		number, err = a.Memory.BeginMove(background, ref, gen, now)
		return err
	})
	if errors.Is(err, registry.ErrConflict) || errors.Is(err, registry.ErrStale) {
		a.w.cover(movedTwiceAtOnce)
	}
	return number, err
}

func (a *authority) commitMove(m registry.Move) (registry.Reservation, error) {
	var placed registry.Reservation
	err := a.move("move", m.Session, m.Gen, func(gen model.Generation) (err error) {
		m.Gen = gen
		placed, err = a.Memory.CommitMove(background, m)
		return err
	})
	switch {
	case err == nil:
		a.w.note("placed", string(m.Session.Key), string(placed.Server), uint64(placed.Generation))
	case errors.Is(err, registry.ErrFull):
		a.w.cover(moveFoundNoRoom)
	}
	return placed, err
}

func (a *authority) finishMove(ref model.SessionRef, gen model.Generation, now time.Time) error {
	err := a.move("finish the move", ref, gen, func(gen model.Generation) error { return a.Memory.FinishMove(background, ref, gen, now) })
	if err == nil {
		a.w.cover(sessionMoved)
	}
	return err
}

func (a *authority) abortMove(ref model.SessionRef, gen, number model.Generation, now time.Time) error {
	err := a.move("call the move off", ref, gen, func(gen model.Generation) error { return a.Memory.AbortMove(background, ref, gen, number, now) })
	if err == nil {
		a.w.cover(moveCalledOff)
	}
	return err
}

func (a *authority) endSession(ref model.SessionRef, gen, serverGen model.Generation, now time.Time) error {
	x, err := a.GetSession(background, ref)
	if err != nil {
		return err
	}
	err = a.move("end", ref, gen, func(gen model.Generation) error { return a.Memory.EndSession(background, ref, gen, serverGen, now) })
	if err == nil {
		a.w.rules.sessionEnded(&x)
		a.w.cover(endedAtDeadline)
	}
	return err
}

func (a *authority) orphan(id model.ServerID, now time.Time) ([]model.Session, error) {
	out, err := a.Memory.Orphan(background, id, now)
	if len(out) > 0 {
		a.w.cover(sessionsOrphaned)
	}
	return out, err
}

// acquire gives a lease to a keeper.
func (a *authority) acquire(name, holder string, ttl time.Duration, now time.Time) (bool, model.Generation, error) {
	held, fence, err := a.Memory.Acquire(background, name, holder, ttl, now)
	if a.w.has(SharedLease) {
		held = true
	}
	if err != nil || !held {
		return held, fence, err
	}
	last := a.leases[name]
	if last.holder != "" && last.holder != holder {
		a.w.cover(leaseChangedHands)
		a.w.rules.leased(name, last, holder, now)
	}
	a.leases[name] = granted{holder, now.Add(ttl)}
	return held, fence, err
}

// greet takes a hello that the hub brings.
func (a *authority) greet(from *server, h registry.Hello) (registry.Greeting, error) {
	g, err := a.Memory.Greet(background, h)
	if errors.Is(err, registry.ErrStale) {
		a.w.cover(staleHelloRefused)
	}
	if err == nil {
		a.w.note("greeted", string(h.Server), "", h.Stream)
		a.w.rules.greets(a.w.machines.servers[h.Server])
		if last := a.heardOf(from); last.stream != h.Stream {
			last.stream, last.serial = h.Stream, 0
		}
		if len(g.Stale) > 0 {
			a.w.cover(helloNamedStale)
		}
	}
	return g, err
}

// report takes a report that the hub brings. serial is the report's on its stream, as its server sent it.
func (a *authority) report(from *server, r registry.Report, serial uint64) error {
	last := a.heardOf(from)
	late := r.Stream < last.stream || r.Stream == last.stream && serial <= last.serial
	if a.w.has(StaleReport) && late {
		r.Stream, r.Serial = last.stream, last.serial+1
	}
	var before model.Server
	if late {
		before, _ = a.GetServer(background, r.Server)
	}
	err := a.Memory.Report(background, r)
	for i := range r.Sessions {
		a.w.note("reported", string(r.Sessions[i].Session.Key), string(r.Server), uint64(len(r.Sessions[i].Claimed)))
	}
	if late {
		a.w.cover(reportCameLate)
		after, _ := a.GetServer(background, r.Server)
		a.w.rules.lateReport(&before, &after, &r)
		return err
	}
	if err == nil {
		last.stream, last.serial = r.Stream, serial
	}
	return err
}

// oversell is a planted bug: a seat where there is none.
func (a *authority) oversell(req registry.Reserve) (registry.Reservation, error) {
	x, err := a.GetSession(background, model.SessionRef{Route: req.Route, Key: req.Key})
	if err != nil {
		return registry.Reservation{}, err
	}
	a.w.forged++
	return registry.Reservation{
		Session: x.SessionRef, Generation: x.Generation, SessionCapacity: x.Capacity + 1, Fleet: x.Fleet, Server: x.Server,
		Seats: []model.Seat{{ID: model.SeatID(1<<40 + a.w.forged), Player: req.Players[0], State: model.SeatReserved, ExpiresAt: req.ExpiresAt}},
	}, nil
}
