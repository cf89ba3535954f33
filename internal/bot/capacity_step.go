package bot

import (
	"fmt"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/load"
)

// CapacityStep is one number of players, measured.
type CapacityStep struct {
	Players int      `json:"players"`
	Met     bool     `json:"met"`
	Broke   []string `json:"broke,omitempty"`   // what did not hold, in words
	Refused string   `json:"refused,omitempty"` // why not all players got in

	Timed uint64  `json:"latencies"` // how many were measured
	P50   float64 `json:"latency_ms_p50"`
	P95   float64 `json:"latency_ms_p95"`
	P99   float64 `json:"latency_ms_p99"`
	Max   float64 `json:"latency_ms_max"`
	Loss  float64 `json:"loss_percent"` // updates merged within a tick count as lost
	Gaps  uint64  `json:"gaps"`
	Lost  int     `json:"lost_players"` // cut off

	Deliveries float64 `json:"deliveries_per_second"`
	// ServerCPU is in percent of one core; nil: the server does not tell.
	ServerCPU *float64 `json:"server_cpu_percent"`
	// Packets and Bytes are what the room sent a second: by the server's metrics, else as the bots saw them come.
	Packets float64 `json:"packets_per_second"`
	Bytes   float64 `json:"bytes_per_second"`
	Counted string  `json:"counted_by"` // "server" or "bots"

	BotsCPU     float64 `json:"bots_cpu_percent"`     // of one core
	MachineIdle float64 `json:"machine_idle_percent"` // of this machine's cores
	SentLateP99 float64 `json:"sent_late_ms_p99"`     // how late the bots moved

	LinkUse    float64            `json:"link_percent,omitempty"`       // of this machine's network card towards the server
	Allowances map[string]float64 `json:"allowance_exceeded,omitempty"` // on EC2: ENA's counters, by how much they rose
}

// fill notes what came of a measurement.
func (s *CapacityStep) fill(r load.Result, before, after reading, own time.Duration) {
	ms := func(q float64) float64 { return float64(r.Latency.Quantile(q).Microseconds()) / 1000 }
	s.P50, s.P95, s.P99, s.Max = ms(0.50), ms(0.95), ms(0.99), float64(r.Latency.Max().Microseconds())/1000
	s.Timed = r.Latency.Count()
	s.SentLateP99 = float64(r.Late.Quantile(0.99).Microseconds()) / 1000
	s.Gaps, s.Lost = r.Gaps, r.Lost
	wanted := float64(r.Sent) * float64(s.Players)
	if wanted > 0 {
		s.Loss = max(0, 100*(1-float64(r.Delivered)/wanted))
	}
	seconds := r.Elapsed.Seconds()
	s.Deliveries = float64(r.Delivered) / seconds
	s.Packets, s.Bytes, s.Counted = float64(r.Reads)/seconds, float64(r.Bytes)/seconds, "bots"
	span := after.at.Sub(before.at).Seconds()
	if before.hasPackets && after.hasPackets && after.hasBytes {
		s.Packets, s.Bytes, s.Counted = (after.packets-before.packets)/span, (after.bytes-before.bytes)/span, "server"
	}
	if before.hasCPU && after.hasCPU {
		cpu := 100 * (after.cpu - before.cpu).Seconds() / span
		s.ServerCPU = &cpu
	}
	s.BotsCPU = 100 * own.Seconds() / seconds
	if all := after.busy - before.busy + after.idle - before.idle; all > 0 {
		s.MachineIdle = 100 * float64(after.idle-before.idle) / float64(all)
	}
	if after.linkBytesPerSecond > 0 {
		s.LinkUse = 100 * s.Bytes / after.linkBytesPerSecond
	}
	for name, n := range after.allowances {
		if n > before.allowances[name] {
			if s.Allowances == nil {
				s.Allowances = map[string]float64{}
			}
			s.Allowances[name] = float64(n - before.allowances[name])
		}
	}
}

// judge holds the step against the objectives. Players who were cut off break any of them.
func (s *CapacityStep) judge(slo SLO) {
	s.Broke = nil
	for _, o := range slo {
		value, known := s.value(o.Metric)
		switch {
		case !known:
			s.Broke = append(s.Broke, fmt.Sprintf("%s could not be measured", o.Metric))
		case !o.Holds(value):
			s.Broke = append(s.Broke, fmt.Sprintf("%s is %s, not %s", o.Metric, o.Metric.format(rounded(value)), strings.TrimPrefix(o.String(), string(o.Metric))))
		}
	}
	if s.Lost > 0 {
		s.Broke = append(s.Broke, fmt.Sprintf("%d players were cut off", s.Lost))
	}
	s.Met = len(s.Broke) == 0
}

func rounded(v float64) float64 { return float64(int64(v*10+0.5)) / 10 }

// value: a latency of which there is none is not known.
func (s *CapacityStep) value(m Metric) (value float64, known bool) {
	latency := func(v float64) (float64, bool) { return v, s.Timed > 0 }
	switch m {
	case P50:
		return latency(s.P50)
	case P95:
		return latency(s.P95)
	case P99:
		return latency(s.P99)
	case Max:
		return latency(s.Max)
	case Loss:
		return s.Loss, true
	case Gaps:
		return float64(s.Gaps), true
	case CPU:
		if s.ServerCPU != nil {
			return *s.ServerCPU, true
		}
	}
	return 0, false
}
