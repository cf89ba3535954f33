package ws

import (
	"fmt"
	"math"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// sink is a connection that takes everything at once.
type sink struct {
	room.Conn // nil: what is not used here
	crowd     *crowd
}

func (s *sink) Encoder() room.Encoder { return frames }
func (s *sink) Welcome(wire.Welcome)  {}
func (s *sink) Grant(*room.Shared)    {}
func (s *sink) Flush()                {}

func (s *sink) Share(sh *room.Shared, _ time.Time) bool {
	s.crowd.delivered += sh.Messages
	s.crowd.bytes += len(sh.Bytes)
	return true
}

// crowd is a room of members that see the nearest 50, spread so that each has about density others in reach.
type crowd struct {
	room    *room.Room
	now     time.Time
	links   []*room.Link
	at      []wire.Position
	seed    uint32
	serials uint64

	delivered, bytes int
}

const reach = 1000 // steps

func newCrowd(b *testing.B, members, density int) *crowd {
	c := &crowd{now: time.Unix(1000, 0), seed: 1}
	c.room = room.New(room.Config{Epoch: 1, Settings: model.RoomSettings{
		MaxMessagesPerSecond: 1 << 30, PositionStep: 1, Interest: model.Interest{Radius: reach},
	}})
	side := int(reach * math.Sqrt(math.Pi*float64(members)/float64(density)))
	for i := range members {
		l, err := c.room.Join(room.Join{Player: fmt.Sprintf("p%04d", i), Seat: uint64(i + 1), Conn: &sink{crowd: c}})
		if err != nil {
			b.Fatal(err)
		}
		c.links = append(c.links, l)
		c.at = append(c.at, wire.Position{X: int16(c.random(side) - side/2), Y: int16(c.random(side) - side/2)})
	}
	for range 10 { // all are in, stand, and have looked
		c.tick(b, 0, members)
	}
	return c
}

func (c *crowd) random(n int) int {
	c.seed = c.seed*1664525 + 1013904223
	return int(c.seed>>8) % n
}

// tick lets the members from to to take a step.
func (c *crowd) tick(b *testing.B, from, to int) {
	c.serials++
	for i := from; i < to; i++ {
		c.at[i].X += int16(c.random(61) - 30)
		c.at[i].Y += int16(c.random(61) - 30)
		m := room.Message{Kind: room.KindPosition, Seq: c.serials, Position: c.at[i]}
		if err := c.links[i].Send(c.now, m); err != nil {
			b.Fatal(err)
		}
	}
	c.now = c.now.Add(50 * time.Millisecond)
	c.room.Tick(c.now)
}

// BenchmarkInterest1000 is the room's own part of a 50 ms tick with 1,000 members at 10 Hz, each of whom sees the nearest 50 of
// those in reach, encoded as WebSocket frames.
func BenchmarkInterest1000(b *testing.B) {
	for _, density := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%d of 1000 in reach", density), func(b *testing.B) {
			c := newCrowd(b, 1000, density)
			b.ReportAllocs()
			c.delivered, c.bytes = 0, 0
			for i := 0; b.Loop(); i++ {
				c.tick(b, i%2*500, i%2*500+500)
			}
			b.ReportMetric(float64(c.delivered)/float64(b.N), "deliveries/op")
			b.ReportMetric(float64(c.bytes)/float64(b.N)/1000, "bytes/member")
		})
	}
}
