package room

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"greenroom.dev/greenroom/internal/model"
	core "greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// game is a Logic as the core calls it.
type game struct {
	make  func(Session) Logic
	logic Logic
	room  Room
	// What calls point to, so that a message costs no allocation.
	state    State
	event    Event
	signal   Signal
	position Position
}

// newGame makes the session's game; seed is its random source's, unless it is restored.
func newGame(o *Options, ref model.SessionRef, seed [32]byte) *game {
	session := Session{Route: string(ref.Route), Key: string(ref.Key)}
	source := rand.NewChaCha8(seed)
	return &game{
		make: o.New, // called when the room begins, where a panic is the room's and not the process's
		room: Room{session: session, source: source, random: rand.New(source)},
	}
}

func (g *game) in(a *core.Authority) *Room {
	g.room.hand = a
	return &g.room
}

// Start implements core.Logic, as do the following.
func (g *game) Start(a *core.Authority) {
	g.room.began = a.Now()
	g.logic = g.make(g.room.session)
	g.logic.Start(g.in(a))
}

func (g *game) Join(a *core.Authority, m core.MemberInfo) *core.Refusal {
	r := g.in(a)
	if err := g.logic.Join(r, r.member(&m)); err != nil {
		code, reason := refusal(err)
		return &core.Refusal{Code: code, Reason: reason}
	}
	return nil
}

func (g *game) Leave(a *core.Authority, m core.MemberInfo) {
	r := g.in(a)
	g.logic.Leave(r, r.member(&m))
}

func (g *game) Tick(a *core.Authority, dt time.Duration) { g.logic.Tick(g.in(a), dt) }

func (g *game) Ended(a *core.Authority, moved bool) { g.logic.Ended(g.in(a), moved) }

func (g *game) Message(a *core.Authority, from core.MemberInfo, m *core.Message) string {
	r := g.in(a)
	var err error
	switch who := r.member(&from); m.Kind {
	case core.KindState:
		err = g.setState(r, who, m)
	case core.KindEvent:
		g.event = Event{Name: m.Name, Payload: m.Value}
		err = g.logic.Event(r, who, &g.event)
		m.Name, m.Value = g.event.Name, g.event.Payload
	case core.KindSignal:
		err = g.sendSignal(r, who, m)
	case core.KindPosition:
		g.position = positionOf(m.Position, r.step())
		err = g.logic.Move(r, who, &g.position)
		m.Position = g.position.wire(r.step())
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (g *game) setState(r *Room, from Member, m *core.Message) error {
	if old, ok := r.hand.State(m.Name); ok && old.Owner == 0 {
		return fmt.Errorf("%s is the room's", m.Name)
	}
	g.state = State{
		Key: m.Name, Value: m.Value, Owner: from.ID, TTL: m.TTL,
		Kept: m.Flags&wire.Retain != 0, Owned: m.Flags&wire.Owned != 0, Deleted: m.Flags&wire.Delete != 0,
	}
	err := g.logic.State(r, from, &g.state)
	g.state.Owner = from.ID
	m.Name, m.Value, m.TTL = g.state.Key, g.state.Value, g.state.TTL
	m.Flags = m.Flags&wire.Check | g.state.flags()
	return err
}

func (g *game) sendSignal(r *Room, from Member, m *core.Message) error {
	to := g.signal.To[:0]
	for _, id := range m.To {
		to = append(to, MemberID(id))
	}
	if m.To == nil {
		for member := range r.hand.Members() {
			if member.Player == m.ToPlayer {
				to = append(to, MemberID(member.ID))
			}
		}
	}
	was := len(to)
	g.signal = Signal{Name: m.Name, Payload: m.Value, To: to}
	err := g.logic.Signal(r, from, &g.signal)
	m.Name, m.Value = g.signal.Name, g.signal.Payload
	if m.To != nil || was > 0 || len(g.signal.To) > 0 {
		m.To = m.To[:0:0]
		for _, id := range g.signal.To {
			m.To = append(m.To, uint64(id))
		}
	}
	return err
}

// The state of a game between two servers:
//
//	version 1 byte (1) · Now in ns uvarint · TickEvery in ns uvarint · to the next tick in ns uvarint · random source bytes · the game's own, to the end
const frozenVersion = 1

func (g *game) Freeze(a *core.Authority) []byte {
	r := g.in(a)
	own, err := g.logic.Freeze(r)
	if err != nil {
		panic(fmt.Errorf("freeze: %w", err)) // as good as one: the room keeps what it had
	}
	source, _ := r.source.MarshalBinary() // never fails
	b := make([]byte, 0, 32+len(source)+len(own))
	b = append(b, frozenVersion)
	b = binary.AppendUvarint(b, uint64(r.Now()))
	every, next := a.Beat()
	b = binary.AppendUvarint(b, uint64(every))
	b = binary.AppendUvarint(b, uint64(max(0, next)))
	b = wire.AppendBytes(b, source)
	return append(b, own...)
}

func (g *game) Restore(a *core.Authority, state []byte) error {
	d := wire.NewDecoder(state)
	if v := d.Byte(); d.Err() == nil && v != frozenVersion {
		return fmt.Errorf("the game's state is of version %d, this server knows %d", v, frozenVersion)
	}
	now, every, next, source := d.Uvarint(), d.Uvarint(), d.Uvarint(), d.Bytes(len(state))
	if err := d.Err(); err != nil {
		return err
	}
	r := g.in(a)
	if max(now, every, next) > maxRoomTime || r.source.UnmarshalBinary(source) != nil {
		return errors.New("the game's state is damaged")
	}
	r.began = a.Now().Add(-time.Duration(now))
	a.TickEvery(time.Duration(every), time.Duration(next))
	g.logic = g.make(r.session)
	return g.logic.Restore(r, state[len(state)-d.Rest():])
}

// maxRoomTime is a bound of what a frozen clock may say: 100 years.
const maxRoomTime = uint64(100 * 365 * 24 * time.Hour)
