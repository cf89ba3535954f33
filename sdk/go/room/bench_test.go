package room

import (
	"fmt"
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	core "greenroom.dev/greenroom/internal/room"
)

// nobody is a connection whose player reads nothing.
type nobody struct{ simConn }

func (*nobody) Share(*core.Shared, time.Time) bool { return true }
func (n *nobody) Flush()                           { n.bytes = n.bytes[:0] }

// BenchmarkTickOfABase is a 10 ms tick of a room with 100 members of whom 10 set a state, whose game is a Base: compare with
// BenchmarkTick of the core.
func BenchmarkTickOfABase(b *testing.B) {
	s := Simulate(Options{New: func(Session) Logic { return Base{} }}, SimulationConfig{
		Settings: &greenroomv1.RoomSettings{MaxMessagesPerSecond: 1 << 30},
	})
	var links []*core.Link
	var messages []core.Message
	for i := range 100 {
		player := fmt.Sprintf("p%03d", i)
		link, err := s.room.Join(core.Join{Player: player, Seat: uint64(i + 1), Conn: &nobody{simConn{player: &SimPlayer{}}}})
		if err != nil {
			b.Fatal(err)
		}
		links = append(links, link)
		messages = append(messages, core.Message{Kind: core.KindState, Flags: 3, Name: "pos/" + player, Value: make([]byte, 32)})
	}
	s.Step()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for j := range 10 {
			k := (i*10 + j) % 100
			messages[k].Seq++
			if err := links[k].Send(s.now, messages[k]); err != nil {
				b.Fatal(err)
			}
		}
		s.now = s.now.Add(10 * time.Millisecond)
		s.room.Tick(s.now)
	}
}
