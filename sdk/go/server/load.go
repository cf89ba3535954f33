package server

import (
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// loadWindow is how many heartbeats a load is the mean of: one alone jumps.
const loadWindow = 5

// used is what the process has used until a moment.
type used struct {
	at             time.Time
	cpu            time.Duration
	received, sent uint64
}

// meter makes loads of what was used. One goroutine uses it.
type meter struct {
	samples []used // the oldest first
	// measure tells what was used until now, what it may use and how much memory it has; false where it cannot be told.
	measure func() (now used, limitCores, memory float64, ok bool)
}

// load is what the process used on average since loadWindow calls ago, or since the first; nil at the first call.
func (m *meter) load() *greenroomv1.ServerLoad {
	now, limit, memory, ok := m.measure()
	if !ok {
		return nil
	}
	m.samples = append(m.samples, now)
	first := m.samples[0]
	if len(m.samples) > loadWindow {
		m.samples = append(m.samples[:0], m.samples[1:]...)
	}
	seconds := now.at.Sub(first.at).Seconds()
	if seconds <= 0 {
		return nil
	}
	return &greenroomv1.ServerLoad{
		CpuCores: max(0, (now.cpu-first.cpu).Seconds()/seconds), CpuLimitCores: limit, MemoryBytes: memory,
		ReceivedBytesPerSecond: risen(first.received, now.received) / seconds,
		SentBytesPerSecond:     risen(first.sent, now.sent) / seconds,
	}
}

// risen is by how much a counter rose; 0 for one that began again.
func risen(from, to uint64) float64 {
	if to < from {
		return 0
	}
	return float64(to - from)
}
