package room_test

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room"
)

func TestDurations(t *testing.T) {
	var d room.Durations
	for _, took := range []time.Duration{0, 100 * time.Microsecond, 101 * time.Microsecond, 3 * time.Millisecond, time.Hour} {
		d.Observe(took)
	}
	upTo, sum := d.Read()
	equal(t, "sum", sum, time.Hour+3*time.Millisecond+201*time.Microsecond)
	equal(t, "up to each bound", upTo, [room.DurationBuckets + 1]uint64{2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5})
	equal(t, "the last bound", room.DurationBound(room.DurationBuckets-1), 204800*time.Microsecond)
}
