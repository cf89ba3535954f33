package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// maxCrowdCores bounds a server's CPU for 2.5 M deliveries a second.
const maxCrowdCores = 0.6

// runCrowd puts 500 members into one room: 2.5 M deliveries a second.
func runCrowd(ctx context.Context, b *bench) error {
	const section = "crowd"
	const tick = 50 * time.Millisecond
	subjects := []starter{
		b.room(tick, wsPositions, "WebSocket positions", nil),
		b.room(tick, wsStates, "WebSocket states", nil),
		b.room(tick, mqttStates, "MQTT states", nil),
	}
	spec := loadSpec{Members: 500, Hz: 10, Bytes: 32, Sample: 256, Buffer: 128 << 10, Warm: 2 * time.Second, For: b.span, Side: 30_000, Speed: 500}
	all, err := b.rounds(
		func(i int) (sample, error) { return measure(ctx, subjects[i], spec) },
		func(i int) string { return subjects[i].name }, len(subjects))
	if err != nil {
		return err
	}
	t := &table{What: fmt.Sprintf("500 members in one room × 10 Hz, all to all, tick %v; states of 32 bytes", tick)}
	b.report.Sections[section] = t
	for i, s := range subjects {
		r := row{Server: s.name, Median: median(all[i]), Rounds: all[i]}
		t.Rows = append(t.Rows, r)
		b.check(section, s.name, fmt.Sprintf("≤ %.1f core, all delivered", maxCrowdCores),
			r.Median.Cores <= maxCrowdCores && r.Median.Delivered >= enough,
			"%.3f core, %.1f %% of 2.5 M/s delivered, p99 %.0f ms", r.Median.Cores, r.Median.Delivered, r.Median.P99)
	}
	t.print(os.Stdout)
	return nil
}
