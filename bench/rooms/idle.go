package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	idleMembers   = 10_000
	idleRooms     = 100
	maxIdleMember = 20 << 10 // bytes of the server's memory
)

// runIdle connects members who say nothing, and looks at what each costs.
func runIdle(ctx context.Context, b *bench) error {
	const section = "idle"
	t := &table{What: fmt.Sprintf("%d idle members in %d rooms", idleMembers, idleRooms)}
	b.report.Sections[section] = t
	for _, wire := range []string{wsStates, mqttStates} {
		r, err := b.idle(ctx, wire)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, r)
		rss, runtime := r.More["rss_bytes_per_member"], r.More["heap_and_stack_bytes_per_member"]
		b.check(section, r.Server, fmt.Sprintf("RSS ≤ %d KiB a member", maxIdleMember>>10), rss <= maxIdleMember,
			"%.1f KiB a member, of which heap and stacks after a collection %.1f KiB; %.3f core", rss/1024, runtime/1024, r.Median.Cores)
		fmt.Printf("\n%d idle members on %s: RSS %.1f KiB a member, heap and stacks %.1f KiB, %.3f core\n",
			idleMembers, wire, rss/1024, runtime/1024, r.Median.Cores)
	}
	return nil
}

func (b *bench) idle(ctx context.Context, wire string) (r row, err error) {
	start := b.room(50*time.Millisecond, wire, "greenroom "+wire, nil)
	s, err := start.start(ctx)
	if err != nil {
		return r, err
	}
	defer s.stop()
	empty, err := s.memory()
	if err != nil {
		return r, err
	}
	before, err := s.rss()
	if err != nil {
		return r, err
	}
	spec := loadSpec{
		Wire: wire, Addr: s.addr[wire], Tickets: true, Members: idleMembers, Rooms: idleRooms, Buffer: 4 << 10,
		Warm: 3 * time.Second, For: b.span,
	}
	one, err := s.under(ctx, spec)
	if err != nil {
		return r, err
	}
	if one.outcome.Lost > 0 {
		return r, fmt.Errorf("%d idle members were cut off: %s", one.outcome.Lost, one.outcome.Why)
	}
	fmt.Fprintf(os.Stderr, "idle %s: RSS %d → %d KiB, heap %d → %d, stacks %d → %d KiB\n", wire, before>>10, one.rss>>10,
		empty.Heap>>10, one.memory.Heap>>10, empty.Stacks>>10, one.memory.Stacks>>10)
	r = row{Server: start.name, Median: one, Rounds: []sample{one}, More: map[string]float64{
		"rss_bytes_per_member": float64(one.rss-before) / idleMembers,
		"heap_and_stack_bytes_per_member": float64(one.memory.Heap+one.memory.Stacks-empty.Heap-empty.Stacks) /
			idleMembers,
	}}
	return r, nil
}
