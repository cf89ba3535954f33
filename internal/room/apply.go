package room

import (
	"bytes"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// apply carries out one input.
func (r *Room) apply(in *input) {
	l := in.link
	if in.kind == inputJoin {
		r.join(l)
		return
	}
	if !l.live() {
		return
	}
	switch in.kind {
	case inputMessage, inputReject:
		r.message(l, in)
	case inputPosition:
		if r.game.position(l.member, &in.msg) {
			r.place(l.member, in.msg.Position)
		}
	case inputChange:
		r.changes = append(r.changes, change{l, in.change})
	case inputLost:
		r.lose(l, in.change.(Loss))
	case inputLeave:
		l.join.Will = nil
		r.release(l.member)
	}
}

// message takes or rejects one message, once.
func (r *Room) message(l *Link, in *input) {
	l.ack, l.acked = true, max(l.acked, in.msg.Seq)
	if l.join.Numbered {
		if in.msg.Seq <= l.member.lastSeq {
			r.cfg.Counters.Duplicates.Add(1)
			return
		}
		l.member.lastSeq = in.msg.Seq
		r.dirty = true
	}
	code, sentence := wire.RejectCode(in.code), in.sentence
	if in.kind == inputMessage {
		code, sentence = r.carryOut(l.member, &in.msg)
	}
	if code == 0 {
		r.cfg.Counters.Taken.Add(1)
		return
	}
	r.cfg.Counters.reject(code)
	reject := wire.Reject{Seq: in.msg.Seq, Code: code, Sentence: sentence}
	l.tell(func(c Conn) { c.Reject(reject) })
}

// carryOut does what a message says, if the room's game lets it pass.
func (r *Room) carryOut(m *member, msg *Message) (wire.RejectCode, string) {
	if code, sentence := r.game.message(m, msg); code != 0 {
		return code, sentence
	}
	switch msg.Kind {
	case KindState:
		return r.setState(m, msg)
	case KindEvent:
		r.sendEvent(m, msg)
	case KindSignal:
		return r.sendSignal(m, msg)
	}
	return 0, ""
}

func (r *Room) setState(m *member, s *Message) (wire.RejectCode, string) {
	old := r.states.byKey[s.Name]
	if s.Flags&wire.Check != 0 {
		var at uint64
		if old != nil {
			at = old.Version
		}
		if at != s.Expect {
			return wire.RejectVersion, fmt.Sprintf("%s is at version %d, not %d", s.Name, at, s.Expect)
		}
	}
	if s.Flags&wire.Delete != 0 {
		r.remove(s.Name)
		return 0, ""
	}
	next := State{QoS: s.QoS, Props: s.Props, Expires: r.until(s.TTL), State: wire.State{
		Owner: m.id, Flags: s.Flags & (wire.Retain | wire.Owned), Key: s.Name, Value: s.Value,
	}}
	if s.Flags&wire.Retain == 0 {
		r.version++
		next.Version = r.version
		r.tell(next)
		return 0, ""
	}
	if grow := r.states.growth(&next); grow > 0 && r.states.bytes+grow > r.cfg.Settings.MaxStateBytes {
		return wire.RejectFull, fmt.Sprintf("the room keeps at most %d bytes of state", r.cfg.Settings.MaxStateBytes)
	}
	if old != nil {
		r.takeOver(old, &next.State)
	}
	r.version++
	next.Version = r.version
	next.Value = bytes.Clone(s.Value) // the message may be a small part of what was read
	next.Props = bytes.Clone(s.Props)
	r.states.set(entry{next})
	r.dirty = true
	r.tell(next)
	return 0, ""
}

// until is the end of a time to live that begins now; 0: never.
func (r *Room) until(ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return r.now.Add(ttl)
}

// remove deletes a kept key and tells everybody. A key that is not there: nothing.
func (r *Room) remove(key string) {
	old := r.states.byKey[key]
	if old == nil {
		return
	}
	r.states.remove(key)
	r.version++
	r.dirty = true
	r.tell(State{QoS: old.QoS, State: wire.State{
		Owner: old.Owner, Version: r.version, Flags: old.Flags | wire.Delete, Key: key,
	}})
}

func (r *Room) sendEvent(m *member, s *Message) {
	r.offset++
	e := Event{QoS: s.QoS, Props: bytes.Clone(s.Props), Expires: r.until(s.TTL), Event: wire.Event{
		Offset: r.offset, From: m.id, Name: s.Name, Payload: bytes.Clone(s.Value),
	}}
	r.ring.push(e)
	r.batch.Events = append(r.batch.Events, e)
	r.dirty = true
}

// sendSignal reaches those of the members named who are there; the away miss it.
func (r *Room) sendSignal(from *member, s *Message) (wire.RejectCode, string) {
	sig := Signal{
		FromPlayer: from.player, QoS: s.QoS, Props: s.Props, TTL: s.TTL,
		Signal: wire.Signal{From: from.id, Name: s.Name, Payload: s.Value},
	}
	to := func(m *member) {
		if m.link == nil {
			r.cfg.Counters.SignalsMissed.Add(1)
			return
		}
		m.link.tell(func(c Conn) { c.Signal(sig) })
	}
	if s.To == nil {
		m := r.seats.byPlayer[s.ToPlayer]
		if m == nil {
			return wire.RejectNoMember, fmt.Sprintf("no player %q is here", s.ToPlayer)
		}
		to(m)
		return 0, ""
	}
	missing := uint64(0)
	for _, id := range s.To {
		if m := r.seats.byID[id]; m != nil {
			to(m)
		} else {
			missing = id
		}
	}
	if missing != 0 {
		return wire.RejectNoMember, fmt.Sprintf("no member %d is here; others named got it", missing)
	}
	return 0, ""
}
