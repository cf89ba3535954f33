package mqtt

import (
	"fmt"
	"strconv"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// item is a message on its way to a topic.
type item struct {
	class   string // the part of the topic behind r/{room}/, such as topicState; topicStage stands alone
	name    string // the rest of the topic
	payload []byte
	props   []byte
	qos     byte
	retain  bool
	from    uint64 // the member, for "no local"; 0: nobody
	expires time.Time
	// The payload is this instead, made when somebody takes it.
	position *wire.MemberPosition
	member   uint64
}

// topic appends the item's topic.
func (it *item) topic(b []byte, prefix string) []byte {
	if it.class != topicStage {
		b = append(b, prefix...)
	}
	return append(append(b, it.class...), it.name...)
}

// content appends a payload that was not made before.
func (it *item) content(b []byte, step uint64) []byte {
	if it.position != nil {
		return appendPosition(b, &it.position.Position, it.position.Far, step)
	}
	return fmt.Appendf(b, `{"member":%d}`, it.member)
}

func presenceItem(p *room.Presence) item {
	it := item{class: topicPresence, name: p.Player, qos: 1, retain: true}
	if !p.Left {
		it.member = p.Member
	}
	return it
}

func stateItem(s *room.State) item {
	return item{
		class: topicState, name: s.Key, payload: s.Value, props: s.Props, qos: s.QoS,
		retain: s.Flags&(wire.Retain|wire.Delete) != 0, from: s.Owner, expires: s.Expires,
	}
}

func eventItem(e *room.Event) item {
	return item{
		class: topicEvent, name: e.Name, payload: e.Payload, props: e.Props, qos: e.QoS, from: e.From, expires: e.Expires,
	}
}

func positionItem(p *room.MemberPosition) item {
	return item{class: topicPosition, name: p.Player, retain: true, from: p.Member, position: &p.MemberPosition}
}

// goneItem clears a member's position.
func goneItem(player string) item { return item{class: topicPosition, name: player, retain: true} }

func stagedItem(s *room.Staged) item {
	return item{class: topicStage, name: s.Name, payload: s.Payload, qos: 1, retain: s.Retain}
}

func occupancyItem(members int) item {
	return item{class: topicMembers, retain: true, payload: strconv.AppendInt(nil, int64(members), 10)}
}

// each shows everything of a tick, in the order of docs/WIRE.md. The item is the callee's until it returns.
func each(t *room.Batch, show func(it *item)) {
	var it item
	for i := range t.Presence {
		p := &t.Presence[i]
		it = presenceItem(p)
		show(&it)
		if p.Left {
			it = goneItem(p.Player)
			show(&it)
		}
	}
	for i := range t.States {
		it = stateItem(&t.States[i])
		show(&it)
	}
	for i := range t.Events {
		it = eventItem(&t.Events[i])
		show(&it)
	}
	for i := range t.Positions {
		it = positionItem(&t.Positions[i])
		show(&it)
	}
	for _, s := range t.Staged {
		it = stagedItem(s)
		show(&it)
	}
	if t.Occupancy > 0 {
		it = occupancyItem(t.Occupancy)
		show(&it)
	}
}
