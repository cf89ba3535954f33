package client

import (
	"math/rand/v2"
	"testing"

	"greenroom.dev/greenroom/internal/room/wire"
	"pgregory.net/rapid"
)

// teller is a room that tells one member what it sees: part of it in the stream, part of it in datagrams.
type teller struct {
	stream  []piece // in order
	end     uint64
	packets []packet
	near    map[uint64]wire.Position // what is true
	step    int16
}

type piece struct {
	t    wire.Type
	body []byte
	end  uint64
}

type packet struct {
	number, after uint64
	body          []byte
}

func (l *teller) say(r wire.Record) {
	b := r.Append(nil)
	t, body, _, _ := wire.Next(b)
	l.end += uint64(len(b))
	l.stream = append(l.stream, piece{t, body, l.end})
}

func bodyOf(r wire.Record) []byte {
	_, body, _, _ := wire.Next(r.Append(nil))
	return body
}

// act does one thing that a room does.
func (l *teller) act(what int, member uint64) {
	l.step++
	at := wire.Position{X: l.step, Y: int16(member)}
	entry := []wire.MemberPosition{{Member: member, Position: at}}
	_, there := l.near[member]
	switch {
	case what == 0 && there:
		l.say(wire.Left{Member: member})
		delete(l.near, member)
	case what == 1:
		s := wire.Snapshot{First: true, Last: true}
		var all []wire.MemberPosition
		for m, p := range l.near {
			s.Members = append(s.Members, wire.Member{Member: m, Player: "p"})
			all = append(all, wire.MemberPosition{Member: m, Position: p})
		}
		l.say(s)
		l.say(wire.Positions{Entries: all})
	case there:
		l.packets = append(l.packets, packet{uint64(len(l.packets) + 1), l.end, bodyOf(wire.Positions{Entries: entry})})
		l.near[member] = at
	default:
		l.say(wire.Joined{Member: member, Player: "p"})
		l.say(wire.Positions{Entries: entry})
		l.near[member] = at
	}
}

// seer is a client's view, which follows records as from a WebSocket.
type seer struct {
	sights sights
	near   map[uint64]wire.Position
	t      *rapid.T
}

func (s *seer) read(b []byte) {
	for len(b) > 0 {
		t, body, rest, err := wire.Next(b)
		if err != nil {
			s.t.Fatal(err)
		}
		s.record(t, body)
		b = rest
	}
}

func (s *seer) record(t wire.Type, body []byte) {
	switch t {
	case wire.TypeLeft:
		left, _ := wire.DecodeLeft(body)
		delete(s.near, left.Member)
	case wire.TypeSnapshot:
		clear(s.near)
	case wire.TypePositions:
		all, err := wire.DecodePositions(body)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range all.Entries {
			s.near[e.Member] = e.Position
		}
	}
}

// However the datagrams and the stream overtake each other, in the end the client sees what is true; nobody stands where it
// stood before, and nobody who left is there.
func TestSightsAreExactInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := &teller{near: map[uint64]wire.Position{}}
		for range rapid.IntRange(1, 80).Draw(t, "acts") {
			room.act(rapid.IntRange(0, 12).Draw(t, "what"), uint64(rapid.IntRange(1, 4).Draw(t, "member")))
		}
		client := &seer{near: map[uint64]wire.Position{}, t: t}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		random.Shuffle(len(room.packets), func(i, j int) { room.packets[i], room.packets[j] = room.packets[j], room.packets[i] })
		for stream, packets := room.stream, room.packets; len(stream)+len(packets) > 0; {
			if len(packets) == 0 || len(stream) > 0 && random.IntN(len(stream)+len(packets)) < len(stream) {
				p := stream[0]
				stream = stream[1:]
				client.record(p.t, p.body)
				if err := client.sights.record(p.t, p.body, p.end); err != nil {
					t.Fatal(err)
				}
				client.read(client.sights.caughtUp(nil))
				continue
			}
			p := packets[0]
			packets = packets[1:]
			b, err := client.sights.positions(nil, p.number, p.after, p.body)
			if err != nil {
				t.Fatal(err)
			}
			client.read(b)
		}
		if len(client.near) != len(room.near) {
			t.Fatalf("sees %v, true is %v", client.near, room.near)
		}
		for m, want := range room.near {
			if got, ok := client.near[m]; !ok || !got.Equal(want) {
				t.Fatalf("sees %d at %+v, it is at %+v", m, got, want)
			}
		}
		if client.sights.waiting != 0 {
			t.Fatalf("%d positions wait", client.sights.waiting)
		}
	})
}

func TestFarMembersNeedNotBeKnown(t *testing.T) {
	var s sights
	at := func(far bool) []byte {
		return bodyOf(wire.Positions{Entries: []wire.MemberPosition{{Member: 8, Far: far, Position: wire.Position{X: 1}}}})
	}
	if b, _ := s.positions(nil, 1, 0, at(true)); len(b) == 0 {
		t.Error("a far member is not shown")
	}
	if b, _ := s.positions(nil, 2, 0, at(false)); len(b) != 0 {
		t.Error("a member that never came is shown as near")
	}
	_ = s.record(wire.TypeJoined, bodyOf(wire.Joined{Member: 8, Player: "bob"}), 10)
	if b, _ := s.positions(nil, 3, 5, at(true)); len(b) != 0 {
		t.Error("a member in sight is shown as far, as it was before it came")
	}
	if b, _ := s.positions(nil, 4, 10, at(false)); len(b) == 0 {
		t.Error("a member in sight is not shown")
	}
	_ = s.record(wire.TypeSnapshot, bodyOf(wire.Snapshot{First: true, Last: true}), 20)
	other := bodyOf(wire.Positions{Entries: []wire.MemberPosition{{Member: 9, Far: true}}})
	if b, _ := s.positions(nil, 5, 19, other); len(b) != 0 {
		t.Error("what was told before a snapshot is shown after it")
	}
}

func TestSightsForgetWhoIsGone(t *testing.T) {
	var s sights
	far := func(m uint64) []byte {
		return bodyOf(wire.Positions{Entries: []wire.MemberPosition{{Member: m, Far: true}}})
	}
	for n := range uint64(10_000) {
		if _, err := s.positions(nil, n+1, 0, far(n)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.members) > 4000 {
		t.Errorf("%d members are remembered", len(s.members))
	}
}
