package server

import (
	"testing"
	"time"
)

func TestLoadIsTheMeanOfSomeHeartbeats(t *testing.T) {
	now := used{at: time.Unix(1000, 0), cpu: 3 * time.Second, received: 1 << 40, sent: 50}
	m := meter{measure: func() (used, float64, float64, bool) { return now, 2, 1 << 20, true }}
	if l := m.load(); l != nil {
		t.Fatalf("a load after one look: %v", l)
	}
	beat := func(cpu time.Duration, received, sent uint64) {
		now.at, now.cpu = now.at.Add(time.Second), now.cpu+cpu
		now.received, now.sent = now.received+received, now.sent+sent
	}
	beat(500*time.Millisecond, 1000, 4000)
	if l := m.load(); l.GetCpuCores() != 0.5 || l.GetCpuLimitCores() != 2 || l.GetMemoryBytes() != 1<<20 ||
		l.GetReceivedBytesPerSecond() != 1000 || l.GetSentBytesPerSecond() != 4000 {
		t.Errorf("after a second: %v", l)
	}
	for range 3 {
		beat(0, 0, 0)
		m.load()
	}
	beat(0, 0, 0)
	if l := m.load(); l.GetCpuCores() != 0.1 {
		t.Errorf("half a core for one of five seconds: %v", l)
	}
	beat(0, 0, 0)
	if l := m.load(); l.GetCpuCores() != 0 {
		t.Errorf("what was six seconds ago counts: %v", l)
	}
	now.sent = 10 // its counter began again
	beat(time.Second, 0, 0)
	if l := m.load(); l.GetSentBytesPerSecond() != 0 || l.GetCpuCores() != 0.2 {
		t.Errorf("a counter that fell: %v", l)
	}
	if l := m.load(); l == nil { // the clock stands still: the older ones still tell
		t.Error("no load")
	}
}

func TestMeterMeasuresThisProcess(t *testing.T) {
	sent := uint64(0)
	m := newMeter(func() (uint64, uint64) { sent += 1000; return 0, sent })
	m.load()
	began := time.Now()
	for time.Since(began) < 20*time.Millisecond { // some work
	}
	l := m.load()
	if l.GetCpuCores() <= 0 || l.GetCpuCores() > 64 || l.GetCpuLimitCores() <= 0 || l.GetMemoryBytes() < 1<<20 || l.GetSentBytesPerSecond() <= 0 {
		t.Errorf("%v", l)
	}
}
