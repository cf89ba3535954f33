package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// maxFloors bounds what a position told by UDP costs the server, as times the bare system calls.
const maxFloors = 3.0

// runUDP compares the UDP door with the least that sending as much can cost.
func runUDP(ctx context.Context, b *bench) error {
	const section = "udp"
	const members, hz, tick = 500, 10, 50 * time.Millisecond
	entities := int(members * hz * tick.Seconds())
	floor := func(name string, segments bool) starter {
		spec := floorSpec{Members: members, Entities: entities, Tick: tick, Segments: segments}
		return starter{name: name, wire: udpFloor, start: func(context.Context) (*subject, error) { return started(name, "-floor", spec) }}
	}
	subjects := []starter{
		floor("floor: sendmmsg", false),
		floor("floor: sendmmsg, segments", true),
		b.room(tick, udpPositions, "UDP positions", nil),
	}
	const room = 2 // of subjects
	spec := loadSpec{Members: members, Hz: hz, Sample: 256, Buffer: 4 << 10, Warm: 2 * time.Second, For: b.span, Side: 30_000, Speed: 500}
	all, err := b.rounds(
		func(i int) (sample, error) { return measure(ctx, subjects[i], spec) },
		func(i int) string { return subjects[i].name }, len(subjects))
	if err != nil {
		return err
	}
	t := &table{What: fmt.Sprintf("%d members in one room × %d Hz by UDP, all to all, tick %v; the floor sends %d bytes a position, made before", members, hz, tick, entityBytes)}
	b.report.Sections[section] = t
	for i, s := range subjects {
		t.Rows = append(t.Rows, row{Server: s.name, Median: median(all[i]), Rounds: all[i]})
	}
	least := 0
	if t.Rows[1].Median.CPUPerMillion < t.Rows[0].Median.CPUPerMillion {
		least = 1
	}
	for i := range t.Rows {
		t.Rows[i].Ratio = ratio(all[i], all[least])
	}
	t.print(os.Stdout)
	r := &t.Rows[room]
	b.check(section, "CPU per position, against "+t.Rows[least].Server, fmt.Sprintf("≤ %.0f times, all delivered", maxFloors),
		r.Ratio <= maxFloors && r.Median.Delivered >= enough, "%.2f times, %.1f %% delivered", r.Ratio, r.Median.Delivered)
	b.check(section, "500 members by UDP", fmt.Sprintf("≤ %.1f core", maxCrowdCores), r.Median.Cores <= maxCrowdCores,
		"%.3f core, p99 %.0f ms", r.Median.Cores, r.Median.P99)
	return nil
}
