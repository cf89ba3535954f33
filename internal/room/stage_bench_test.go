package room_test

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// class is an encoder of one of several wire classes that hands out what all rooms share of a lone message.
type class struct {
	encoder
	key string
}

func (c class) Key() string { return c.key }

func (c class) Batch(b *room.Batch) *room.Shared {
	if len(b.Staged) != 1 {
		return c.encoder.Batch(b)
	}
	s := b.Staged[0]
	return s.Encoded(c.key, func() *room.Shared { return &room.Shared{Bytes: s.Append(nil), Messages: 1} })
}

// classSink is a sink of one class, which counts what it is given.
type classSink struct {
	sink
	class room.Encoder
	bytes *int
}

func (s *classSink) Encoder() room.Encoder { return s.class }

func (s *classSink) Share(b *room.Shared, _ time.Time) bool {
	*s.bytes += len(b.Bytes)
	return true
}

// BenchmarkStage is one publish of 1 KiB to 100 rooms of 100 members of two wire classes: 10,000 deliveries. It is encoded
// twice.
func BenchmarkStage(b *testing.B) {
	const size = 1 << 10
	now, taken := time.Unix(1000, 0), 0
	var rooms []*room.Room
	for range 100 {
		r := room.New(room.Config{Session: model.SessionRef{Route: "plaza"}, Epoch: 1})
		for i := range 100 {
			conn := &classSink{class: class{key: fmt.Sprint("class ", i%2)}, bytes: &taken}
			if _, err := r.Join(room.Join{Player: fmt.Sprint("p", i), Seat: uint64(i + 1), Conn: conn}); err != nil {
				b.Fatal(err)
			}
		}
		r.Tick(now)
		rooms = append(rooms, r)
	}
	payload := make([]byte, size)
	encodings, publishes := 0, 0
	taken = 0
	b.ReportAllocs()
	for b.Loop() {
		publishes++
		now = now.Add(50 * time.Millisecond)
		s := room.NewStaged(wire.Staged{Serial: uint64(publishes), Name: "light", Payload: payload})
		for _, r := range rooms {
			if err := r.Stage(s); err != nil {
				b.Fatal(err)
			}
			r.Tick(now)
		}
		encodings += s.Encodings()
	}
	if encodings != 2*publishes || taken < publishes*100*100*size {
		b.Fatalf("%d publishes were encoded %d times, and members were given %d bytes", publishes, encodings, taken)
	}
	b.ReportMetric(float64(encodings)/float64(publishes), "encodings/publish")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(publishes)/10_000, "ns/delivery")
}
