package server_test

import (
	"bytes"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// A member that does not read loses events and is told so; nobody else does.
func TestSlowReader(t *testing.T) {
	s := serve(t, model.RoomSettings{MaxMessagesPerSecond: 10_000, MaxBytesPerSecond: 1 << 30, MaxMessageBytes: 60_000, MaxMemberQueueBytes: 2 << 20})
	ann, _ := s.enter(t, "ann")
	s.readBuffer = 16 << 10
	bob, _ := s.enter(t, "bob")
	const events = 200 // 12 MB, far more than the queue and the kernel's buffers hold
	payload := bytes.Repeat([]byte("x"), 60_000)
	for seq := range uint64(events) {
		ann.send(wire.SendEvent{Seq: seq + 1, Name: "blob", Payload: payload})
		if (seq+1)%20 == 0 {
			until(ann, func(r wire.Event) bool { return r.Offset == seq+1 })
		}
	}
	until(bob, func(r wire.Resync) bool { return r.Reason != "" })
	at := until(bob, func(r wire.Snapshot) bool { return r.Last }).Offset
	if at == 0 || at > events {
		t.Errorf("resynchronised at %d", at)
	}
	ann.send(wire.SendEvent{Seq: events + 1, Name: "after"})
	next := at
	until(bob, func(r wire.Event) bool {
		if next++; r.Offset != next {
			t.Errorf("event %d after %d", r.Offset, next-1)
		}
		return r.Name == "after"
	})
}
