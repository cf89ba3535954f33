package udp

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Timers come up within a grain of their time, once, however far they are and however often they are moved.
func TestTimers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Now()
	timers := newTimers(now)
	conns := make([]conn, 50)
	due := map[*conn]time.Time{}
	reach := []time.Duration{10 * time.Millisecond, time.Second, 20 * time.Second, time.Hour}
	came := 0
	for range 100_000 {
		c := &conns[random.IntN(len(conns))]
		switch at := now.Add(time.Duration(random.Int64N(int64(reach[random.IntN(len(reach))])))); random.IntN(4) {
		case 0:
			timers.remove(c)
			delete(due, c)
		default:
			timers.set(c, at)
			due[c] = at
		}
		if random.IntN(3) > 0 {
			continue
		}
		next, _ := timers.next()
		for _, at := range due {
			if next.After(at.Add(timerGrain)) {
				t.Fatalf("%v is too late for a timer %v ahead", next.Sub(now), at.Sub(now))
			}
		}
		if random.IntN(2) == 0 {
			now = next
		} else {
			now = now.Add(time.Duration(random.Int64N(int64(reach[random.IntN(len(reach))]) / 100)))
		}
		for _, c := range timers.due(now, nil) {
			if at, ok := due[c]; !ok || at.After(now) {
				t.Fatalf("a timer came %v early", at.Sub(now))
			}
			delete(due, c)
			came++
		}
		for _, at := range due {
			if now.Sub(at) > timerGrain {
				t.Fatalf("a timer did not come for %v", now.Sub(at))
			}
		}
	}
	if came < 1000 {
		t.Errorf("%d came", came)
	}
}
