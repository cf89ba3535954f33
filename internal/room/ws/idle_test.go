package ws

import (
	"fmt"
	"net"
	"runtime"
	"testing"

	"greenroom.dev/greenroom/internal/model"
)

// idleBytes is what n idle members cost the process: living heap and stacks, the sockets' of this test included.
func idleBytes(tb testing.TB, n int) float64 {
	p := open(tb, model.RoomSettings{PositionStep: 1, Interest: model.Interest{Radius: 1}})
	defer p.close()
	heap, stack := inUse()
	before := heap + stack
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = p.hello(tb, fmt.Sprintf("player-%05d", i))
	}
	for _, c := range conns {
		welcome(tb, c)
	}
	heap, stack = inUse()
	for _, c := range conns {
		c.Close()
	}
	tb.Logf("%d members: heap %d KiB, stacks %d KiB, before both %d KiB", n, heap>>10, stack>>10, before>>10)
	return float64(heap+stack-before) / float64(n)
}

func inUse() (heap, stack int64) {
	for range 4 { // each lets a stack that was used once shrink by half
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), int64(m.StackInuse)
}

// BenchmarkIdle measures what an idle member costs in memory, beside the kernel's part.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(idleBytes(b, 2000)/1024, "KiB/member")
	}
}

// The limit is 20 KiB with everything the process holds for a member; what is counted here is most of it.
func TestAnIdleMemberIsCheap(t *testing.T) {
	if kib := idleBytes(t, 500) / 1024; kib > 20 {
		t.Errorf("an idle member costs %.1f KiB", kib)
	}
}
