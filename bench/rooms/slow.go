package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

const (
	deafMembers   = 10
	maxSlower     = 1.2 // the others' p99, against a run without deaf members
	slowestGrowth = deafMembers * model.DefaultMaxMemberQueueBytes
)

// runSlow has 10 of 100 members never read, and looks at what the others notice and what the server keeps.
func runSlow(ctx context.Context, b *bench) error {
	const section = "slow"
	t := &table{What: fmt.Sprintf("100 members × 10 Hz × 1 KiB on WebSocket, with and without %d of them that never read", deafMembers)}
	b.report.Sections[section] = t
	subjects := []starter{
		b.room(50*time.Millisecond, wsStates, "everybody reads", nil),
		b.room(50*time.Millisecond, wsStates, fmt.Sprintf("%d never read", deafMembers), nil),
	}
	// Long enough for the kernel's buffers to fill. What is dropped then shows that there was pressure; the first closes
	// come room.SlowWindow later.
	spec := loadSpec{Members: 100, Hz: 10, Bytes: 1 << 10, Sample: 16, Warm: 8 * time.Second, For: b.span}
	all, err := b.rounds(func(i int) (sample, error) {
		spec := spec
		spec.Deaf = i * deafMembers
		return measure(ctx, subjects[i], spec)
	}, func(i int) string { return subjects[i].name }, len(subjects))
	if err != nil {
		return err
	}
	var slower, rss, heap, dropped, closes []float64
	for i, s := range subjects {
		t.Rows = append(t.Rows, row{Server: s.name, Median: median(all[i]), Rounds: all[i]})
	}
	for round := range all[0] {
		with, without := all[1][round], all[0][round]
		slower = append(slower, with.P99/without.P99)
		rss = append(rss, float64(with.rss)-float64(without.rss))
		dropped = append(dropped, with.metrics["greenroom_room_dropped_bytes_total"])
		closes = append(closes, with.metrics["greenroom_room_slow_closes_total"])
		heap = append(heap, float64(with.memory.Heap+with.memory.Stacks)-float64(without.memory.Heap+without.memory.Stacks))
	}
	t.Rows[1].More = map[string]float64{
		"p99_ratio": middle(slower), "rss_growth_bytes": middle(rss), "heap_and_stack_growth_bytes": middle(heap),
		"dropped_bytes": middle(dropped), "slow_closes": middle(closes),
	}
	t.print(os.Stdout)
	b.check(section, "the others' p99, against everybody reading", fmt.Sprintf("≤ %.1f", maxSlower), middle(slower) <= maxSlower, "%.3f", middle(slower))
	b.check(section, "memory that the deaf cost the server", fmt.Sprintf("≤ %d MiB (%d × queue limit)", slowestGrowth>>20, deafMembers),
		middle(rss) <= slowestGrowth && middle(dropped) > 0, "RSS %.1f MiB, heap and stacks %.1f MiB; %.1f MiB were dropped, %.0f closed as too slow",
		middle(rss)/(1<<20), middle(heap)/(1<<20), middle(dropped)/(1<<20), middle(closes))
	return nil
}
