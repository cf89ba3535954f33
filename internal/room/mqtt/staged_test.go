package mqtt

import (
	"bytes"
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// All rooms share what is made of a message of the stage, for connections that are granted it alike; it is what they get
// when something else happened in the tick too.
func TestStagedIsMadeOnceForAllRooms(t *testing.T) {
	s := room.NewStaged(wire.Staged{Serial: 3, Name: "song", Payload: []byte("la"), Retain: true})
	alone := func() *room.Batch { return &room.Batch{Now: noon, Staged: []*room.Staged{s}} }
	in := func(prefix string, filters ...filter) *class {
		as := speak(level5)
		as.prefix = prefix
		return newClass(as, filters, 7)
	}
	first := in("r/k/", filter{topic: "stage/+", qos: 1}, filter{topic: "r/k/#"}).Batch(alone())
	wantTold(t, "a song", level5, first, `1 stage/song la`)
	if second := in("r/l/", filter{topic: "stage/song", qos: 0}, filter{topic: "r/l/#"}).Batch(alone()); second == first {
		t.Error("a class that is granted another QoS has the same bytes")
	}
	if second := in("r/l/", filter{topic: "stage/+", qos: 2}, filter{topic: "r/l/s/+"}).Batch(alone()); second != first {
		t.Error("another room's class makes it again")
	}
	if none := in("r/l/", filter{topic: "r/l/#", qos: 1}).Batch(alone()); none != nil {
		t.Errorf("who has not subscribed to it gets %+v", none)
	}
	if n := s.Encodings(); n != 2 {
		t.Errorf("encoded %d times", n)
	}
	c := in("r/k/", filter{topic: "stage/+", qos: 1, asSent: true, id: 9})
	own, b := c.Batch(alone()), alone()
	b.Occupancy = 5 // nobody has subscribed to that
	if beside := c.Batch(b); !bytes.Equal(own.Bytes, beside.Bytes) || own.Holes[0] != beside.Holes[0] {
		t.Errorf("alone % x, beside others % x", own.Bytes, beside.Bytes)
	}
}
