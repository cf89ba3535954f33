package room

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Authority is what a room's logic may do in its room. It is good during the logic's calls only: at any other time its
// methods do nothing and answer nothing, or ErrOutside.
type Authority struct {
	host   *host
	inside atomic.Bool
}

// Why the room does not do what its logic asks for.
var (
	ErrOutside  = errors.New("a room may be used during its logic's calls only")
	ErrNoMember = errors.New("no such member is here")
)

func (a *Authority) room() *Room {
	if !a.inside.Load() {
		return nil
	}
	return a.host.room
}

// Session names the room; any goroutine may ask, at any time. So for the next two.
func (a *Authority) Session() model.SessionRef { return a.host.room.cfg.Session }

// Settings are the room's, without zero fields.
func (a *Authority) Settings() model.RoomSettings { return a.host.room.cfg.Settings }

// Capacity is how many seats there are; 0: no bound.
func (a *Authority) Capacity() int { return a.host.room.cfg.Capacity }

// Flag answers what a feature flag is for a key; any goroutine may ask, at any time.
func (a *Authority) Flag(name, key string) (value string, on bool) {
	if a.host.room.cfg.Flag == nil {
		return "", false
	}
	return a.host.room.cfg.Flag(name, key)
}

// Now is the time of the tick that the call belongs to.
func (a *Authority) Now() time.Time { return a.host.room.now }

// Members are those in the room, by number. The member of a Join is among them, that of a Leave no more.
func (a *Authority) Members() iter.Seq[MemberInfo] {
	return func(yield func(MemberInfo) bool) {
		r := a.room()
		if r == nil {
			return
		}
		for _, m := range r.seats.all {
			if !yield(m.info()) {
				return
			}
		}
	}
}

// Count is how many members there are.
func (a *Authority) Count() int {
	if r := a.room(); r != nil {
		return r.seats.len()
	}
	return 0
}

// Member answers one member.
func (a *Authority) Member(id uint64) (MemberInfo, bool) {
	r := a.room()
	if r == nil || r.seats.byID[id] == nil {
		return MemberInfo{}, false
	}
	return r.seats.byID[id].info(), true
}

// State answers a kept state. Nobody may change its Value.
func (a *Authority) State(key string) (State, bool) {
	r := a.room()
	if r == nil || r.states.byKey[key] == nil {
		return State{}, false
	}
	return r.states.byKey[key].State, true
}

// States are the kept ones by key.
func (a *Authority) States() iter.Seq[State] {
	return func(yield func(State) bool) {
		r := a.room()
		if r == nil {
			return
		}
		for _, e := range r.states.sorted() {
			if !yield(e.State) {
				return
			}
		}
	}
}

// SetState sets a key as SetState of a member does, or deletes it (wire.Delete). owner 0 is the room. The value is the room's
// from then on. The error says why not.
func (a *Authority) SetState(owner uint64, key string, value []byte, flags wire.StateFlags, ttl time.Duration) error {
	r, m := a.room(), &a.host.self
	if err := a.check(key, value); err != nil {
		return err
	}
	if owner != 0 {
		if m = r.seats.byID[owner]; m == nil {
			return ErrNoMember
		}
	}
	code, sentence := r.setState(m, &Message{Kind: KindState, QoS: 1, Name: key, Value: value, Flags: flags &^ wire.Check, TTL: ttl})
	if code != 0 {
		return errors.New(sentence)
	}
	return nil
}

// Event tells everybody, from the room.
func (a *Authority) Event(name string, payload []byte) error {
	if err := a.check(name, payload); err != nil {
		return err
	}
	a.host.room.sendEvent(&a.host.self, &Message{Kind: KindEvent, QoS: 1, Name: name, Value: payload})
	return nil
}

// Signal tells the members named, from the room. Those who are away miss it. ErrNoMember: one is not here; the others got it.
func (a *Authority) Signal(to []uint64, name string, payload []byte) error {
	if err := a.check(name, payload); err != nil {
		return err
	}
	if to == nil {
		to = []uint64{}
	}
	if code, _ := a.host.room.sendSignal(&a.host.self, &Message{Kind: KindSignal, QoS: 1, Name: name, Value: payload, To: to}); code != 0 {
		return ErrNoMember
	}
	return nil
}

// Move puts a member somewhere. It is told so.
func (a *Authority) Move(id uint64, to wire.Position) error {
	r := a.room()
	switch {
	case r == nil:
		return ErrOutside
	case r.seats.byID[id] == nil:
		return ErrNoMember
	case len(to.Data) > wire.MaxPositionData:
		return fmt.Errorf("a position's data is at most %d bytes", wire.MaxPositionData)
	}
	m := r.seats.byID[id]
	r.place(m, to)
	a.host.corrects = append(a.host.corrects, correct{member: m})
	return nil
}

// Kick removes a member before the next input is looked at: its connection is closed with code, its seat given back, and Leave called.
func (a *Authority) Kick(id uint64, code wire.CloseCode, reason string) error {
	r := a.room()
	switch {
	case r == nil:
		return ErrOutside
	case r.seats.byID[id] == nil:
		return ErrNoMember
	}
	a.host.kicks = append(a.host.kicks, kick{id, code, cut(reason)})
	return nil
}

// End ends the room after this tick was delivered; every connection is closed with code.
func (a *Authority) End(code wire.CloseCode, reason string) {
	if a.room() != nil {
		a.host.ending = &Refusal{Code: code, Reason: cut(reason)}
	}
}

// TickEvery asks for Tick every so often, at the room's ticks, the first time after next; every less than one tick means at
// every one, 0 or less never. A room that is asked for ticks does not sleep.
func (a *Authority) TickEvery(every, next time.Duration) {
	r := a.room()
	if r == nil {
		return
	}
	a.host.every, a.host.ticked = 0, time.Time{}
	if every > 0 {
		a.host.every = max(every, r.cfg.Settings.Tick)
		a.host.due = r.now.Add(next)
	}
}

// Beat is what TickEvery asked for (0: no ticks) and how long it is to the next one.
func (a *Authority) Beat() (every, next time.Duration) {
	if a.host.every == 0 {
		return 0, 0
	}
	return a.host.every, a.host.due.Sub(a.Now())
}

func (a *Authority) check(name string, value []byte) error {
	r := a.room()
	switch {
	case r == nil:
		return ErrOutside
	case !wire.ValidName(name):
		return errors.New("a key or name is 1 to 128 bytes without +, # and control characters")
	case len(value) > r.cfg.Settings.MaxMessageBytes:
		return errors.New("it is larger than the fleet's max_message_bytes")
	}
	return nil
}

// cut bounds a sentence to what the wire carries.
func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), wire.MaxSentence)], "") }
