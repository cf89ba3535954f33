package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

const maxInterestCores = 1.0

// runInterest puts 1,000 members into one room, of whom each sees the 50 nearest, and checks what they see.
func runInterest(ctx context.Context, b *bench) error {
	const section = "interest"
	const members, tick = 1000, 50 * time.Millisecond
	// A place of 600 × 600 units: some 87 others are within 100 units, so that the 50 nearest are a choice.
	settings := model.Interest{Radius: 100, Nearest: 50, Hysteresis: model.DefaultHysteresis}
	start := b.room(tick, wsPositions, "WebSocket positions", func(r *model.RoomSettings) { r.Interest = settings })
	spec := loadSpec{
		Members: members, Hz: 10, Warm: 3 * time.Second, For: b.span, Side: 600 / model.DefaultPositionStep, Speed: 5 / model.DefaultPositionStep,
		Sight: &sight{Radius: settings.Radius / model.DefaultPositionStep, Nearest: settings.Nearest, Keep: 1 + settings.Hysteresis},
	}
	all, err := b.rounds(
		func(int) (sample, error) { return measure(ctx, start, spec) },
		func(int) string { return start.name }, 1)
	if err != nil {
		return err
	}
	t := &table{What: fmt.Sprintf("%d members in one room × 10 Hz, each sees the %d nearest within %g units, tick %v", members, settings.Nearest, settings.Radius, tick)}
	b.report.Sections[section] = t
	var looks seen
	for _, s := range all[0] {
		o := s.outcome.Seen
		looks.Viewers += o.Viewers
		looks.Others += o.Others
		looks.Wrong += o.Wrong
		if looks.First == "" {
			looks.First = o.First
		}
	}
	r := row{Server: start.name, Median: median(all[0]), Rounds: all[0], More: map[string]float64{
		"others_seen": float64(looks.Others) / float64(looks.Viewers), "wrong": float64(looks.Wrong),
	}}
	t.Rows = append(t.Rows, r)
	t.print(os.Stdout)
	b.check(section, "the server's CPU", fmt.Sprintf("≤ %.0f core", maxInterestCores), r.Median.Cores <= maxInterestCores,
		"%.3f core, %.0f positions told a second, p99 %.0f ms", r.Median.Cores, r.Median.PerSecond, r.Median.P99)
	got := fmt.Sprintf("%d looks at %.1f others each, %d wrong", looks.Viewers, r.More["others_seen"], looks.Wrong)
	if looks.Wrong > 0 {
		got += ", such as: " + looks.First
	}
	b.check(section, "what each member sees, against where everybody is", "exact", looks.Wrong == 0 && looks.Others > 0, "%s", got)
	return nil
}
