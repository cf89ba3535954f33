package client

import (
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// receive takes one record. The room's lock is held while the view changes, never while the handler is told.
func (v *visiting) receive(t wire.Type, body []byte, now time.Time) error {
	r := v.room
	if t != wire.TypeReconnect {
		r.heardAt = now
	}
	switch t {
	case wire.TypeState:
		return v.state(body)
	case wire.TypeEvent:
		return v.event(body)
	case wire.TypeAck:
		ack, err := wire.DecodeAck(body)
		r.mu.Lock()
		r.outbox.acked(ack.Seq)
		r.mu.Unlock()
		return err
	case wire.TypeSignal:
		signal, err := wire.DecodeSignal(body)
		if err == nil && signal.From == 0 && signal.Name == wire.CorrectSignal {
			return r.corrected(signal.Payload)
		}
		if err == nil && r.options.Handler.Signal != nil {
			r.options.Handler.Signal(Signal{From: signal.From, Name: signal.Name, Payload: signal.Payload})
		}
		return err
	case wire.TypeWelcome:
		return v.welcome(body)
	case wire.TypeSnapshot:
		return v.snapshot(body, now)
	case wire.TypeJoined, wire.TypeLeft:
		return v.presence(t, body)
	case wire.TypeReconnect:
		return v.sentOn(body, now)
	case wire.TypeReject:
		return v.rejected(body)
	case wire.TypePositions:
		return v.positions(body, now)
	case wire.TypeOccupancy, wire.TypeStaged:
		return v.announced(t, body)
	case wire.TypeResync:
		r.mu.Lock()
		r.view.stats.Resyncs++
		r.mu.Unlock()
	}
	return nil
}

func (v *visiting) state(body []byte) error {
	state, err := wire.DecodeState(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	change := r.view.apply(&state)
	r.outbox.echoed(&change)
	r.mu.Unlock()
	if r.options.Handler.State != nil {
		r.options.Handler.State(change)
	}
	return nil
}

func (v *visiting) event(body []byte) error {
	event, err := wire.DecodeEvent(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	isNew, epoch := r.view.event(event.Offset), r.view.epoch
	r.mu.Unlock()
	if isNew && r.options.Handler.Event != nil {
		r.options.Handler.Event(Event{Epoch: epoch, Offset: event.Offset, From: event.From, Name: event.Name, Payload: event.Payload})
	}
	return nil
}

func (v *visiting) welcome(body []byte) error {
	welcome, err := wire.DecodeWelcome(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outbox.resumed(welcome.LastSeq, !r.view.seen)
	r.view.welcome(welcome)
	r.route, r.key, r.tick = welcome.Route, welcome.Key, welcome.Tick
	return nil
}

// snapshot: with the last part the player is in; what it had said before and the room lacks goes out again.
func (v *visiting) snapshot(body []byte, now time.Time) error {
	part, err := wire.DecodeSnapshot(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	changes, done := r.view.snapshot(&part)
	if !done {
		r.mu.Unlock()
		return nil
	}
	came := !r.entered
	if came {
		r.outbox.restore(r.view.entries, r.view.member)
		r.standing.due = r.standing.said
		r.entered = true
	}
	for i := range changes {
		r.outbox.echoed(&changes[i])
	}
	change := StatusChange{Status: Open}
	if r.status == Reconnecting {
		change.Away = now.Sub(v.leftAt)
	}
	r.status = Open
	members, lost := r.view.members, r.view.lost
	r.mu.Unlock()
	if lost != nil && r.options.Handler.Missed != nil {
		r.options.Handler.Missed(*lost)
	}
	r.showSnapshot(members, changes)
	if came {
		r.tell(change)
		r.poke()
		r.opened()
	}
	return nil
}

// showSnapshot tells the handler what a snapshot brought. members is the view's, which only this goroutine changes.
func (r *Room) showSnapshot(members map[uint64]string, changes []StateChange) {
	if tell := r.options.Handler.Member; tell != nil {
		for member, player := range members {
			tell(member, player, true)
		}
	}
	if tell := r.options.Handler.State; tell != nil {
		for _, change := range changes {
			tell(change)
		}
	}
}

func (r *Room) opened() {
	select {
	case <-r.open:
	default:
		close(r.open)
	}
}

func (v *visiting) presence(t wire.Type, body []byte) error {
	if t == wire.TypeLeft {
		return v.left(body)
	}
	member, err := wire.DecodeJoined(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	r.view.members[member.Member] = member.Player
	r.mu.Unlock()
	if r.options.Handler.Member != nil {
		r.options.Handler.Member(member.Member, member.Player, true)
	}
	return nil
}

func (v *visiting) left(body []byte) error {
	left, err := wire.DecodeLeft(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	player, changes := r.view.left(left.Member)
	for i := range changes {
		r.outbox.echoed(&changes[i])
	}
	r.mu.Unlock()
	if r.options.Handler.Member != nil {
		r.options.Handler.Member(left.Member, player, false)
	}
	if r.options.Handler.State != nil {
		for _, change := range changes {
			r.options.Handler.State(change)
		}
	}
	return nil
}

func (v *visiting) positions(body []byte, now time.Time) error {
	said, err := wire.DecodePositions(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	p := &r.view.positions
	for i := range said.Entries {
		p.take(&said.Entries[i], now)
	}
	step := positions{step: p.step}
	r.mu.Unlock()
	if tell := r.options.Handler.Position; tell != nil {
		for _, e := range said.Entries {
			tell(MemberPosition{Member: e.Member, Far: e.Far, Position: step.units(&e.Position)})
		}
	}
	return nil
}

// announced takes what is told of the room as a whole and of its space.
func (v *visiting) announced(t wire.Type, body []byte) error {
	r := v.room
	if t == wire.TypeOccupancy {
		told, err := wire.DecodeOccupancy(body)
		members := int(min(told.Members, 1<<31-1))
		r.mu.Lock()
		r.view.occupancy = members
		r.mu.Unlock()
		if err == nil && r.options.Handler.Occupancy != nil {
			r.options.Handler.Occupancy(members)
		}
		return err
	}
	staged, err := wire.DecodeStaged(body)
	if err == nil && r.options.Handler.Staged != nil {
		r.options.Handler.Staged(Staged(staged))
	}
	return err
}

// sentOn: this connection is listened to until it closes or the delay is over.
func (v *visiting) sentOn(body []byte, now time.Time) error {
	reconnect, err := wire.DecodeReconnect(body)
	if err != nil {
		return err
	}
	v.redirect = &redirect{url: reconnect.URL, ticket: reconnect.Ticket}
	v.dueAt = now.Add(reconnect.After)
	v.room.mu.Lock()
	v.room.told = true
	v.room.mu.Unlock()
	time.AfterFunc(reconnect.After, v.cancel)
	return nil
}

func (v *visiting) rejected(body []byte) error {
	reject, err := wire.DecodeReject(body)
	if err != nil {
		return err
	}
	r := v.room
	r.mu.Lock()
	r.outbox.rejected(reject.Seq)
	r.mu.Unlock()
	if r.options.Handler.Reject != nil {
		r.options.Handler.Reject(Rejection{Seq: reject.Seq, Code: uint64(reject.Code), Sentence: reject.Sentence})
	}
	return nil
}
