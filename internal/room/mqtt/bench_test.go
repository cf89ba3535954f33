package mqtt

import (
	"fmt"
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// The encoding of a tick in which a hundred members each changed a state, for one class.
func BenchmarkBatch(b *testing.B) {
	t := &room.Batch{Now: noon}
	for i := range 100 {
		t.States = append(t.States, stateOf(fmt.Sprint("pos/player-", i), string(make([]byte, 32)), wire.Retain))
		t.Positions = append(t.Positions, room.MemberPosition{Player: fmt.Sprint("player-", i)})
	}
	many := make([]filter, maxFilters)
	for i := range many {
		many[i] = filter{topic: fmt.Sprintf("r/k/s/+/x%d", i)}
	}
	for name, filters := range map[string][]filter{
		"states": {{topic: "r/k/s/#"}}, "all": {{topic: "r/k/#"}}, "QoS 1": {{topic: "r/k/s/+/+", qos: 1}}, "128 wildcards": many,
	} {
		b.Run(name, func(b *testing.B) {
			c := newClass(speak(level5), filters, 1)
			b.ReportAllocs()
			for b.Loop() {
				c.Batch(t)
			}
		})
	}
}
