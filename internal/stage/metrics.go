package stage

import (
	"errors"
	"fmt"
	"io"

	"greenroom.dev/greenroom/internal/model"
)

// counts is what one route's stage did.
type counts struct {
	taken, bytes, full, tooFast, dropped uint64
}

func (c *counts) take(m model.StageMessage, reach model.StageReach) {
	c.taken++
	c.bytes += uint64(len(m.Payload))
	c.dropped += uint64(reach.Dropped)
}

func (c *counts) refuse(err error) {
	if errors.Is(err, ErrFull) {
		c.full++
	} else {
		c.tooFast++
	}
}

// WriteMetrics writes what the stages did, in Prometheus' text format.
func (s *Stages) WriteMetrics(w io.Writer) {
	for _, st := range s.living() {
		st.mu.Lock()
		c, shown := st.counts, st.stage.Bytes()
		st.mu.Unlock()
		fmt.Fprintf(w, "greenroom_stage_messages_total{route=%q,outcome=\"taken\"} %d\n", st.route, c.taken)
		fmt.Fprintf(w, "greenroom_stage_messages_total{route=%q,outcome=\"full\"} %d\n", st.route, c.full)
		fmt.Fprintf(w, "greenroom_stage_messages_total{route=%q,outcome=\"too_fast\"} %d\n", st.route, c.tooFast)
		fmt.Fprintf(w, "greenroom_stage_payload_bytes_total{route=%q} %d\n", st.route, c.bytes)
		fmt.Fprintf(w, "greenroom_stage_dropped_total{route=%q} %d\n", st.route, c.dropped) // waiting for slow servers
		fmt.Fprintf(w, "greenroom_stage_shown_bytes{route=%q} %d\n", st.route, shown)
	}
}
