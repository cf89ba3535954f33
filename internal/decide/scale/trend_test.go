package scale

import (
	"os"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

func TestTune(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		return
	}
	flat := func(r float64) func(int) float64 { return func(int) float64 { return r } }
	for _, c := range []struct {
		name  string
		slots int
		boot  [2]int
		stay  float64
		hours int
		warm  int
		batch int
		d     func(int) float64
	}{
		{"day 1000 sessions", 20, [2]int{30, 40}, 1500, 24, 5, 1, curve(0.67, 0.1)},
		{"day 1000, k=1", 1, [2]int{30, 40}, 1500, 24, 60, 1, curve(0.67, 0.1)},
		{"day 1000, boot 90", 20, [2]int{80, 90}, 1500, 24, 5, 1, curve(0.67, 0.1)},
		{"day 20 sessions k=10", 10, [2]int{30, 40}, 1500, 24, 1, 1, curve(0.02, 0.1)},
		{"day 20 sessions k=4", 4, [2]int{30, 40}, 1500, 24, 1, 1, curve(0.02, 0.1)},
		{"flat 20, k=10", 10, [2]int{30, 40}, 1500, 24, 3, 1, flat(0.0133)},
		{"day batches of 4", 20, [2]int{30, 40}, 1500, 24, 5, 4, curve(0.67, 0.1)},
		{"day short stay", 20, [2]int{30, 40}, 300, 24, 5, 1, curve(2, 0.1)},
		{"flash x10 2m in 6h", 20, [2]int{30, 40}, 1500, 6, 25, 1, crowd(flat(0.2), 10, 7200, 120, 300, 300)},
		{"flash x10 2m steps", 20, [2]int{30, 40}, 1500, 6, 25, 1, steps(crowd(flat(0.2), 10, 7200, 120, 300, 300))},
		{"flash x10 10m", 20, [2]int{30, 40}, 1500, 6, 25, 1, crowd(flat(0.2), 10, 7200, 600, 600, 600)},
		{"flash x10 2m boot 90", 20, [2]int{80, 90}, 1500, 6, 25, 1, crowd(flat(0.2), 10, 7200, 120, 300, 300)},
		{"flash x10 2m boot 10", 20, [2]int{10, 15}, 1500, 6, 25, 1, crowd(flat(0.2), 10, 7200, 120, 300, 300)},
		{"day + flash", 20, [2]int{30, 40}, 1500, 24, 5, 1, crowd(curve(0.67, 0.1), 10, 15*3600, 120, 600, 600)},
		{"day + flash stay 600", 20, [2]int{30, 40}, 600, 24, 5, 1, crowd(curve(0.67, 0.1), 10, 15*3600, 120, 600, 600)},
	} {
		spec := model.FleetSpec{Capacity: model.Capacity{Sessions: c.slots}, Max: 5000, StartTimeout: 180e9}.WithDefaults()
		s := day{spec: spec, demand: c.d, stay: c.stay, boot: c.boot, seconds: c.hours * 3600, seed: 1, batch: c.batch, warm: c.warm}.run()
		t.Logf("%-24s %s", c.name, s)
	}
}

type small struct {
	name  string
	scale int
	slots int
	boot  [2]int
}

func TestTuneSmall(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		return
	}
	for _, g := range []small{
		{"voice-day", 1000, 10, [2]int{30, 40}},
		{"voice-day", 1000, 4, [2]int{30, 40}},
		{"voice-day", 1000, 20, [2]int{30, 40}},
		{"voice-day", 1000, 10, [2]int{60, 90}},
		{"voice-day", 4000, 10, [2]int{30, 40}},
	} {
		total := spent{}
		for seed := range uint64(8) {
			spec := model.FleetSpec{Capacity: model.Capacity{Sessions: g.slots}, Max: 5000, StartTimeout: 180e9}.WithDefaults()
			sessions, seconds := generated(t, g.name, trace.Options{Seed: seed, Scale: g.scale})
			s := day{spec: spec, sessions: sessions, boot: g.boot, seconds: seconds, seed: 1, warm: 2}.run()
			total.serverHours += s.serverHours
			total.bound += s.bound
			total.occupied += s.occupied
			total.joins += s.joins
			total.waited += s.waited
			total.starts += s.starts
			for _, at := range s.failedAt {
				if at > 300 {
					total.failed++
					total.failedAt = append(total.failedAt, at)
				}
			}
		}
		t.Logf("%s/%d k=%d boot=%v %s %v", g.name, g.scale, g.slots, g.boot, total, total.failedAt)
	}
}

func TestTuneTraces(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		return
	}
	for _, g := range []struct {
		name  string
		scale int
		slots int
		boot  [2]int
	}{
		{"voice-day", 20000, 20, [2]int{30, 40}},
		{"voice-day", 20000, 10, [2]int{10, 20}},
		{"voice-day", 20000, 4, [2]int{60, 90}},
		{"voice-day", 1000, 10, [2]int{30, 40}},
		{"flash-crowd", 1200, 20, [2]int{30, 40}},
		{"flash-crowd", 1200, 20, [2]int{80, 90}},
		{"flash-crowd", 1200, 4, [2]int{30, 40}},
		{"flash-crowd", 1200, 1, [2]int{30, 40}},
	} {
		spec := model.FleetSpec{Capacity: model.Capacity{Sessions: g.slots}, Max: 5000, StartTimeout: 180e9}.WithDefaults()
		sessions, seconds := generated(t, g.name, trace.Options{Seed: 1, Scale: g.scale})
		s := day{spec: spec, sessions: sessions, boot: g.boot, seconds: seconds, seed: 1, warm: 2}.run()
		t.Logf("%s/%d k=%d boot=%v %s", g.name, g.scale, g.slots, g.boot, s)
		if len(s.failedAt) > 0 {
			t.Log("   failed at", s.failedAt)
		}
	}
}
