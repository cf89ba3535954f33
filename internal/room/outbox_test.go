package room_test

import (
	"io"
	"net"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room"
)

func TestOutboxWritesInOrderAndEnds(t *testing.T) {
	o := room.NewOutbox(100)
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- o.Run(near); near.Close() }()
	o.Push([]byte("a"))
	o.Grant([]byte("b"))
	if !o.Offer([]byte("c"), time.Time{}) {
		t.Error("an empty queue refuses")
	}
	equal(t, "owed", o.Owed(), 3)
	o.Flush()
	o.Finish()
	o.Push([]byte("too late"))
	got, _ := io.ReadAll(far)
	equal(t, "written", string(got), "abc")
	equal(t, "error", <-done, nil)
	equal(t, "idle", o.Idle(), true)
	equal(t, "owed at the end", o.Owed(), 0)
}

func TestOutboxBounds(t *testing.T) {
	o := room.NewOutbox(10)
	o.Age(3 * time.Second)
	now := time.Unix(1000, 0)
	for i, c := range []struct {
		bytes int
		after time.Duration
		want  bool
	}{
		{20, 0, true}, // alone, whatever its size
		{1, 0, false},
	} {
		equal(t, "offer "+string(rune('1'+i)), o.Offer(make([]byte, c.bytes), now.Add(c.after)), c.want)
	}
	equal(t, "dropped", o.Drop(nil), 20)
	equal(t, "fresh", o.Offer([]byte("x"), now), true)
	equal(t, "young enough", o.Offer([]byte("x"), now.Add(3*time.Second)), true)
	equal(t, "too old", o.Offer([]byte("x"), now.Add(3*time.Second+1)), false)
	o.Push(make([]byte, 30))
	equal(t, "broken by its own", o.Finished(), true)
	near, far := net.Pipe()
	defer far.Close()
	equal(t, "a broken writer's end", o.Run(near), net.ErrClosed)
}
