package server

import (
	"fmt"
	"io"
)

// writeMetrics writes what the rooms did, in Prometheus' text format. No session or player is a label.
func (s *Server) writeMetrics(w io.Writer) {
	c := &s.rooms.counters
	fmt.Fprintf(w, "greenroom_room_rooms %d\n", len(s.rooms.list()))
	for _, m := range []struct {
		name  string
		value uint64
	}{
		{"ticks", c.Ticks.Load()},
		{"joins", c.Joins.Load()},
		{"messages_taken", c.Taken.Load()},
		{"messages_rejected", c.Rejected.Load()},
		{"messages_duplicate", c.Duplicates.Load()},
		{"encodings", c.Encodings.Load()},
		{"deliveries", c.Delivered.Load()},
		{"sent_bytes", c.SentBytes.Load()},
		{"dropped_bytes", c.DroppedBytes.Load()},
		{"resyncs", c.Resyncs.Load()},
		{"slow_closes", c.SlowCloses.Load()},
	} {
		fmt.Fprintf(w, "greenroom_room_%s_total %d\n", m.name, m.value)
	}
}
