package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// enough is the part of the wanted deliveries, in percent, below which a server is not compared: it did less work.
const enough = 99

// room starts Greenroom with a tick; tuned changes the settings further.
func (b *bench) room(tick time.Duration, wire, name string, tune func(*model.RoomSettings)) starter {
	return starter{name: name, wire: wire, start: func(context.Context) (*subject, error) {
		// All members enter at once here; the limit on connections is not what is measured.
		spec := serverSpec{Room: model.RoomSettings{Tick: tick, MaxConnectsPerSecond: 100_000}}
		if tune != nil {
			tune(&spec.Room)
		}
		if b.profile != "" {
			spec.Profile = filepath.Join(b.profile, fileName(name))
		}
		s, err := greenroom(name, spec)
		if err == nil {
			s.Settings = fmt.Sprintf("tick %v", tick)
		}
		return s, err
	}}
}

func fileName(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == ' ' || c == '/' {
			b[i] = '-'
		}
	}
	return string(b)
}

// brokerTargets are the bounds of Greenroom's CPU by delivery as a part of the best peer's, by tick.
func brokerTargets() map[time.Duration]float64 {
	return map[time.Duration]float64{10 * time.Millisecond: 1.0 / 2, 20 * time.Millisecond: 1.0 / 3, 50 * time.Millisecond: 1.0 / 5}
}

// runBrokers compares with brokers: 100 members, 10 Hz, 32 bytes, everybody receives everything, over stock MQTT.
func runBrokers(ctx context.Context, b *bench) error {
	const section = "brokers"
	ticks := []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond}
	subjects := []starter{mosquitto(false), mosquitto(true)}
	if b.peers != "" {
		subjects = append(subjects, mochi(b.peers, 0), mochi(b.peers, 64<<10), nats(b.peers, mqttStates), nats(b.peers, natsStates))
	}
	peers := len(subjects)
	for _, tick := range ticks {
		subjects = append(subjects, b.room(tick, mqttStates, fmt.Sprintf("greenroom %v", tick), nil))
	}
	spec := loadSpec{Members: 100, Hz: 10, Bytes: 32, Sample: 16, For: b.span}
	all, err := b.rounds(
		func(i int) (sample, error) { return measure(ctx, subjects[i], spec) },
		func(i int) string { return subjects[i].name }, len(subjects))
	if err != nil {
		return err
	}
	t := &table{What: "100 members × 10 Hz × 32 bytes, all to all, stock MQTT (nats-server nats: its own protocol)"}
	best := -1
	for i, s := range subjects {
		t.Rows = append(t.Rows, row{Server: s.name, Median: median(all[i]), Rounds: all[i]})
		m := &t.Rows[i].Median
		if i < peers && m.Delivered >= enough && (best < 0 || m.CPUPerMillion < t.Rows[best].Median.CPUPerMillion) {
			best = i
		}
	}
	b.report.Sections[section] = t
	if best < 0 {
		return fmt.Errorf("no peer delivered %d %%", enough)
	}
	for i := range t.Rows {
		t.Rows[i].Ratio = ratio(all[i], all[best])
	}
	t.print(os.Stdout)
	for k, tick := range ticks {
		r := &t.Rows[peers+k]
		target := brokerTargets()[tick]
		what := fmt.Sprintf("CPU per delivery at a tick of %v, as a part of %s's", tick, t.Rows[best].Server)
		b.check(section, what, fmt.Sprintf("≤ %.3f", target), r.Ratio <= target && r.Median.Delivered >= enough, "%.3f, %.1f %% delivered", r.Ratio, r.Median.Delivered)
	}
	r, peer := &t.Rows[peers].Median, &t.Rows[best].Median
	b.check(section, "p99 at a tick of 10ms", fmt.Sprintf("≤ 20 ms on an idle machine, and below %s's", t.Rows[best].Server),
		r.P99 <= 20 && r.P99 < peer.P99, "%.1f ms against %.1f ms, others took %.2f cores", r.P99, peer.P99, r.OtherCores)
	return nil
}

// ratio is the median of the rounds' ratios of CPU per delivery.
func ratio(of, to []sample) float64 {
	var ratios []float64
	for i := range min(len(of), len(to)) {
		ratios = append(ratios, of[i].CPUPerMillion/to[i].CPUPerMillion)
	}
	return middle(ratios)
}
