package room_test

import (
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// stuck is a connection with the queue and the writer that doors have, and a peer that never reads.
type stuck struct {
	sink
	out  *room.Outbox
	code wire.CloseCode
}

// newStuck runs the writer until the connection is closed; done is called then.
func newStuck(limit int, done func()) *stuck {
	s := &stuck{out: room.NewOutbox(limit)}
	near, _ := net.Pipe() // nobody reads the far end
	go func() {
		defer done()
		_ = s.out.Run(stuckConn{near, s.out})
	}()
	return s
}

// stuckConn gives a write up when the queue was broken.
type stuckConn struct {
	net.Conn
	out *room.Outbox
}

func (c stuckConn) Write(b []byte) (int, error) {
	for !c.out.Finished() {
		_ = c.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := c.Conn.Write(b); err == nil {
			return len(b), nil
		}
	}
	return 0, net.ErrClosed
}

func (s *stuck) Share(sh *room.Shared, now time.Time) bool { return s.out.Offer(sh.Bytes, now) }
func (s *stuck) Grant(sh *room.Shared)                     { s.out.Grant(sh.Bytes) }
func (s *stuck) Flush()                                    { s.out.Flush() }
func (s *stuck) Idle() bool                                { return s.out.Idle() }
func (s *stuck) Drop() int                                 { return s.out.Drop(nil) }
func (s *stuck) Close(code wire.CloseCode, _ string)       { s.code = code; s.out.Break() }

// Ten of 100 members never read. What is held for them stays within their queues' limit, though each would be told ten
// times that, and they are closed when they have not caught up in time.
func TestMembersThatNeverRead(t *testing.T) {
	const members, slow, limit = 100, 10, 64 << 10
	var counters room.Counters
	r := room.New(room.Config{Epoch: 1, Counters: &counters, Settings: model.RoomSettings{
		MaxMemberQueueBytes: limit, MaxMemberQueueAge: time.Minute, PositionStep: 1, Interest: model.Interest{Radius: 1000},
	}})
	now := time.Unix(1000, 0)
	ended := make(chan struct{}, slow)
	var links []*room.Link
	var stuckOnes []*stuck
	for i := range members {
		var c room.Conn = &sink{}
		if i < slow {
			s := newStuck(limit, func() { ended <- struct{}{} })
			stuckOnes, c = append(stuckOnes, s), s
		}
		l, err := r.Join(room.Join{Player: fmt.Sprintf("p%03d", i), Seat: uint64(i + 1), Conn: c})
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, l)
	}
	r.Tick(now)
	base := heap()
	most := uint64(0)
	for n := range 250 { // 12.5 s
		for i, l := range links[slow:] {
			p := wire.Position{X: int16(i), Y: int16(n), Data: make([]byte, wire.MaxPositionData)}
			if err := l.Send(now, room.Message{Kind: room.KindPosition, Seq: uint64(n + 1), Position: p}); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(50 * time.Millisecond)
		r.Tick(now)
		if n%10 == 0 {
			held := heap()
			most = max(most, held-min(base, held))
		}
	}
	if bound := uint64(slow*limit + 1<<20); most > bound {
		t.Errorf("%d bytes are held, at most %d should be", most, bound)
	}
	equal(t, "closed", counters.SlowCloses.Load(), slow)
	if counters.DroppedBytes.Load() < slow*limit/2 {
		t.Errorf("%d bytes dropped: nothing was tested", counters.DroppedBytes.Load())
	}
	for _, s := range stuckOnes {
		equal(t, "close code", s.code, wire.CloseTooSlow)
		s.out.Break() // if it was not
		<-ended
	}
}

// heap is what is alive.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
