package scale

import (
	"os"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// steady is a demand that does not change.
func steady(perSecond float64) func(int) float64 { return func(int) float64 { return perSecond } }

// fleetOf is a fleet of the default policy.
func fleetOf(slots int) model.FleetSpec {
	return model.FleetSpec{Capacity: model.Capacity{Sessions: slots}, Max: 5000, StartTimeout: 180e9}.WithDefaults()
}

// TestTrendSpendsLittleAndLetsNobodyWait runs the default policy through days of many shapes. Each may spend so many times
// what the clairvoyant does, who may even move sessions for nothing. A session may wait in one of a thousand cases, and
// none may fail once the fleet, which begins without a memory, has lived for five minutes.
//
// After a crowd has gone, servers stay for the few sessions that are left on each of them, since none is moved: the
// limit of those demands is higher, and "in use" in the log says how much of it is that. TREND=long runs eight seeds of each.
func TestTrendSpendsLittleAndLetsNobodyWait(t *testing.T) {
	quick, bigs := [2]int{10, 20}, [2]int{30, 40}
	for _, c := range []struct {
		name  string
		slots int
		boot  [2]int
		stay  float64
		hours int
		warm  int
		batch int
		d     func(int) float64
		limit float64
	}{
		{"a night and a morning", 10, bigs, 1500, 10, 12, 1, curve(0.2, 0.1), 1.25},
		{"one session a server", 1, bigs, 1500, 3, 90, 1, steady(0.05), 1.25},
		{"twenty sessions", 10, bigs, 1500, 12, 3, 1, steady(0.0133), 1.35},
		{"parties that come together", 20, bigs, 1500, 3, 20, 4, steady(0.2), 1.3},
		{"short stays", 20, bigs, 300, 3, 20, 1, steady(1), 1.25},
		{"slow servers", 20, [2]int{80, 90}, 1500, 3, 20, 1, steady(0.2), 1.25},
		{"tenfold within two minutes", 4, bigs, 1500, 4, 60, 1, crowd(steady(0.1), 10, 5000, 120, 300, 600), 1.4},
		{"tenfold within two minutes, by steps", 4, quick, 1500, 4, 60, 1, steps(crowd(steady(0.1), 10, 5000, 120, 300, 600)), 1.4},
		{"threefold for an hour", 10, bigs, 1500, 6, 30, 1, crowd(steady(0.15), 3, 5000, 60, 3600, 600), 1.3},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			hold(t, c.limit, func(seed uint64) day {
				return day{
					spec: fleetOf(c.slots), demand: c.d, stay: c.stay, boot: c.boot, seconds: c.hours * 3600,
					batch: c.batch, warm: c.warm, seed: seed,
				}
			})
		})
	}
}

// TestTrendOnGeneratedDays does so with the demands that `greenroom trace generate` makes.
func TestTrendOnGeneratedDays(t *testing.T) {
	for _, c := range []struct {
		name, generator string
		scale, slots    int
		boot            [2]int
		warm            int
		limit           float64
	}{
		{"small voice day", "voice-day", 1000, 10, [2]int{30, 40}, 2, 1.28},
		{"voice day", "voice-day", 4000, 20, [2]int{30, 40}, 4, 1.2},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			hold(t, c.limit, func(seed uint64) day {
				sessions, seconds := generated(t, c.generator, trace.Options{Seed: seed, Scale: c.scale})
				return day{spec: fleetOf(c.slots), sessions: sessions, boot: c.boot, seconds: seconds, warm: c.warm, seed: seed}
			})
		})
	}
}

// hold runs a day of one seed, or of eight where TREND is long.
func hold(t *testing.T, limit float64, of func(seed uint64) day) {
	seeds := uint64(1)
	if os.Getenv("TREND") == "long" {
		seeds = 8
	}
	for seed := range seeds {
		s := of(seed).run()
		t.Logf("seed %d: %s", seed, s)
		failed := 0
		for _, at := range s.failedAt {
			if at > 300 {
				failed++
			}
		}
		if s.ratio() > limit || failed > 0 || s.waited*100 > s.joins {
			t.Errorf("seed %d: %s; %d failed after the first minutes; at most x%.2f", seed, s, failed, limit)
		}
	}
}
