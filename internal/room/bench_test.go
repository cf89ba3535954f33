package room_test

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// sink is a connection that takes everything at once.
type sink struct{ conn }

func (s *sink) Welcome(wire.Welcome)               { s.queue = nil }
func (s *sink) Ack(uint64)                         {}
func (s *sink) Grant(*room.Shared)                 {}
func (s *sink) Share(*room.Shared, time.Time) bool { return true }
func (s *sink) Flush()                             {}

// idle is a logic that does nothing, at every tick.
type idle struct{}

func (idle) Start(a *room.Authority)                                        { a.TickEvery(1, 1) }
func (idle) Restore(*room.Authority, []byte) error                          { return nil }
func (idle) Join(*room.Authority, room.MemberInfo) *room.Refusal            { return nil }
func (idle) Leave(*room.Authority, room.MemberInfo)                         {}
func (idle) Message(*room.Authority, room.MemberInfo, *room.Message) string { return "" }
func (idle) Tick(*room.Authority, time.Duration)                            {}
func (idle) Freeze(*room.Authority) []byte                                  { return nil }
func (idle) Ended(*room.Authority, bool)                                    {}

// BenchmarkTick is the room's own part of a 10 ms tick with 100 members of whom 10 moved: 1,000 deliveries.
func BenchmarkTick(b *testing.B) { benchmarkTick(b, nil) }

// BenchmarkTickWithLogic is the same with a game that is asked about everything, ticks, and lets all pass.
func BenchmarkTickWithLogic(b *testing.B) { benchmarkTick(b, idle{}) }

func benchmarkTick(b *testing.B, logic room.Logic) {
	r := room.New(room.Config{Epoch: 1, Logic: logic, Settings: model.RoomSettings{MaxMessagesPerSecond: 1 << 30}})
	now := time.Unix(1000, 0)
	var links []*room.Link
	var messages []room.Message
	for i := range 100 {
		player := fmt.Sprintf("p%03d", i)
		l, err := r.Join(room.Join{Player: player, Seat: uint64(i + 1), Conn: &sink{}})
		if err != nil {
			b.Fatal(err)
		}
		links = append(links, l)
		messages = append(messages, retained("pos/"+player, string(make([]byte, 32))))
	}
	r.Tick(now)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for j := range 10 {
			k := (i*10 + j) % 100
			messages[k].Seq++
			if err := links[k].Send(now, messages[k]); err != nil {
				b.Fatal(err)
			}
		}
		now = now.Add(10 * time.Millisecond)
		r.Tick(now)
	}
}
