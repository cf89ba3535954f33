package udp_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/sdk/go/client"
)

// five is 5 % loss each way, doubled and mixed up datagrams, and a delay of 5 to 15 ms.
var five = badness{lose: 0.05, double: 0.05, delay: 5 * time.Millisecond, vary: 10 * time.Millisecond}

// puppet is a member without a connection worth the name: it is there, moves and says things.
type puppet struct {
	room.Conn
	link *room.Link
}

func (*puppet) Encoder() room.Encoder              { return mute{} }
func (*puppet) Endpoint() string                   { return "puppet" }
func (*puppet) Welcome(wire.Welcome)               {}
func (*puppet) Share(*room.Shared, time.Time) bool { return true }
func (*puppet) Grant(*room.Shared)                 {}
func (*puppet) Ack(uint64)                         {}
func (*puppet) Reject(wire.Reject)                 {}
func (*puppet) Close(wire.CloseCode, string)       {}
func (*puppet) Flush()                             {}
func (*puppet) Idle() bool                         { return true }

// mute encodes nothing.
type mute struct{}

func (mute) Key() string                      { return "puppet" }
func (mute) Batch(*room.Batch) *room.Shared   { return nil }
func (mute) Snapshot(*room.View) *room.Shared { return nil }
func (mute) Scene([]room.Entity) room.Scene   { return muteScene{} }

type muteScene struct{}

func (muteScene) For(*room.Sight) *room.Shared { return nil }

// puppets fills the house with n members, each of which stands somewhere and owns a kept state.
func (h *house) puppets(n int) []*puppet {
	h.t.Helper()
	all := make([]*puppet, n)
	for i := range all {
		p := &puppet{}
		link, err := h.room.Join(room.Join{Player: fmt.Sprintf("puppet-%d", i), Seat: uint64(1_000_000 + i), Conn: p})
		if err != nil {
			h.t.Fatal(err)
		}
		p.link = link
		all[i] = p
		p.say(h.t, room.Message{Kind: room.KindState, Seq: 1, Flags: wire.Retain | wire.Owned, Name: fmt.Sprintf("hat/%d", i), Value: []byte("red")})
	}
	return all
}

func (p *puppet) say(t *testing.T, m room.Message) {
	t.Helper()
	m.QoS = 1
	if err := p.link.Send(time.Now(), m); err != nil {
		t.Fatal(err)
	}
}

func (p *puppet) move(t *testing.T, serial int, at wire.Position) {
	t.Helper()
	p.say(t, room.Message{Kind: room.KindPosition, Seq: uint64(serial), Position: at})
}

func TestMembersOverABadRoad(t *testing.T) {
	h := newHouse(t, nil)
	road := newRoad(t, h.addr, five)
	for _, r := range crowd(t, h, 30, func(int) string { return road.addr() }, 40) {
		if s := r.Stats(); s.Reconnects+s.Gaps+s.Duplicates+s.Resyncs > 0 {
			t.Errorf("%+v", s)
		}
	}
}

// Every player gets a new port in the middle of it all.
func TestMembersSurviveNewPorts(t *testing.T) {
	h := newHouse(t, nil)
	road := newRoad(t, h.addr, badness{delay: 2 * time.Millisecond})
	all := crowd(t, h, 10, func(int) string { return road.addr() }, 10)
	road.rebind()
	for i, r := range all {
		if err := r.Move(client.Position{X: -float64(i)}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.SendEvent("moved", nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range all {
		eventually(t, fmt.Sprintf("p%d is heard from its new port, and hears", i), func() bool {
			p, ok := r.Position(all[9].Member())
			return ok && p.X == -9 && r.Waiting() == 0
		})
		if s := r.Stats(); s.Reconnects+s.Gaps+s.Duplicates > 0 || r.Status() != client.Open {
			t.Errorf("%+v, %v", s, r.Status())
		}
	}
	if n := h.door.Counters().Accepted.Load(); n != 10 {
		t.Errorf("%d connections were made for 10 players", n)
	}
}

// late is a room of puppets that go on moving and talking, and what is true of it.
type late struct {
	*house
	all   []*puppet
	at    []wire.Position
	round int
}

// turn has a fifth of the members move, and one say something.
func (l *late) turn() {
	l.t.Helper()
	l.round++
	for i, p := range l.all {
		if (i+l.round)%5 == 0 {
			l.at[i] = wire.Position{X: int16(i), Y: int16(l.round), Z: int16(i * l.round)}
			p.move(l.t, l.round+1, l.at[i])
		}
	}
	l.all[l.round].say(l.t, room.Message{Kind: room.KindEvent, Seq: 9, Name: "round", Value: fmt.Append(nil, l.round)})
}

// knows tells whether r has everybody exactly where it stands.
func (l *late) knows(r *client.Room) bool {
	players, places := r.Members(), r.Positions()
	if len(players) != len(l.all)+1 || len(places) != len(l.all) {
		return false
	}
	for member, player := range players {
		var i int
		if _, err := fmt.Sscanf(player, "puppet-%d", &i); err != nil {
			continue // the late joiner itself
		}
		p, steps := places[member], func(units float64) int16 { return int16(math.Round(units * 100)) }
		if got := (wire.Position{X: steps(p.X), Y: steps(p.Y), Z: steps(p.Z)}); !got.Equal(l.at[i]) {
			return false
		}
	}
	return true
}

// listener keeps the events it hears.
type listener struct {
	mu     sync.Mutex
	events []client.Event
}

func (l *listener) hear(e client.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Payload = append([]byte(nil), e.Payload...)
	l.events = append(l.events, e)
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events)
}

func (l *listener) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.events) == 0 {
		return ""
	}
	return string(l.events[len(l.events)-1].Payload)
}

// A late joiner of a room of 500 under 5 % loss has everything exactly within two ticks and the time the transfer takes,
// while all go on moving and talking: no event is missing, none comes twice.
func TestLateJoinIntoARoomOf500UnderLoss(t *testing.T) {
	const (
		members, rounds = 500, 40
		tick            = model.DefaultTick
		// roundTrip is the road's at most; a Request or Response that is lost is sent again after a quarter of a second,
		// and everything else within three round trips and what an acknowledgement is kept back.
		roundTrip = 30 * time.Millisecond
		transfer  = 250*time.Millisecond + 10*roundTrip
	)
	l := &late{house: newHouse(t, func(c *room.Config, _ *udp.Door) { c.Settings.Tick = tick })}
	l.all, l.at = l.puppets(members), make([]wire.Position, members)
	for i, p := range l.all {
		l.at[i] = wire.Position{X: int16(i)}
		p.move(t, 1, l.at[i])
	}
	road := newRoad(t, l.addr, five)
	var heard listener
	var joined *client.Room
	entered := make(chan time.Duration, 1)
	pace := time.NewTicker(tick)
	defer pace.Stop()
	for range rounds {
		l.turn()
		if l.round == 5 {
			go func() {
				began := time.Now()
				joined = l.enter("ann", road.addr(), client.Handler{Event: heard.hear})
				entered <- time.Since(began)
			}()
		}
		<-pace.C
	}
	took, stopped := <-entered, time.Now()
	eventually(t, "the late joiner knows exactly where all are", func() bool { return l.knows(joined) })
	eventually(t, "the late joiner heard the last event", func() bool { return heard.last() == fmt.Sprint(rounds) })
	exact := time.Since(stopped)
	if n := len(joined.State()); n != members {
		t.Errorf("%d hats, want %d", n, members)
	}
	joined.Close()
	for i := 1; i < len(heard.events); i++ {
		if heard.events[i].Offset != heard.events[i-1].Offset+1 {
			t.Fatalf("offset %d follows %d", heard.events[i].Offset, heard.events[i-1].Offset)
		}
	}
	if s := joined.Stats(); s != (client.Stats{}) {
		t.Errorf("stats %+v", s)
	}
	t.Logf("entered in %v; exact %v after the last move; %d events", took, exact, len(heard.events))
	if took > 2*tick+transfer || exact > 2*tick+transfer {
		t.Errorf("entered in %v, exact after %v; want at most two ticks and the transfer, %v", took, exact, 2*tick+transfer)
	}
}
