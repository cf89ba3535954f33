package rollout

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// The intervals against values worked out from their formulas with other tools.
func TestIntervals(t *testing.T) {
	for _, c := range []struct{ bad, all, low, high float64 }{
		{0, 100, 0, 16.0 / 116},
		{100, 100, 100.0 / 116, 1},
		{50, 100, 0.3143, 0.6857},
	} {
		low, high := share{c.bad, c.all}.between()
		if math.Abs(low-c.low) > 1e-4 || math.Abs(high-c.high) > 1e-4 {
			t.Errorf("%v of %v: %v to %v, want %v to %v", c.bad, c.all, low, high, c.low, c.high)
		}
	}
	if low, high := (share{}).between(); low != 0 || high != 1 {
		t.Errorf("nothing seen: %v to %v", low, high)
	}
	if more := leastMore(share{5, 100}, share{5, 100}); more >= 0 {
		t.Errorf("equal shares: at least %v more", more)
	}
	if more := leastMore(share{50, 100}, share{0, 1000}); more < 0.25 {
		t.Errorf("half against none: at least %v more", more)
	}
}

// trial plays a step: connections come one by one, on both fleets, and the gate is asked after each, as often as an
// impatient loop could. It answers after how many of them on To it failed; 0 for never.
func trial(r *rand.Rand, toBad, fromBad float64, fromPerTo, most int) int {
	var to, from share
	for n := 1; n <= most; n++ {
		to.all++
		if r.Float64() < toBad {
			to.bad++
		}
		for range fromPerTo {
			from.all++
			if r.Float64() < fromBad {
				from.bad++
			}
		}
		if n >= 20 && leastMore(to, from) > 0.01 {
			return n
		}
	}
	return 0
}

// A healthy fleet is rolled back rarely even when it is looked at after every single connection, and one that drops 5 % is
// found within a sensible number: the figures of docs/decisions/0023-rollouts.md.
func TestChance(t *testing.T) {
	const trials = 200
	for _, c := range []struct {
		name             string
		to, from         float64
		fromPerTo, most  int
		atMost, atLeast  float64 // of the trials that fail
		median, ninetyIn int     // connections until it fails; 0: not asked
	}{
		{"healthy, none fail", 0.0005, 0.0005, 9, 2000, 0.01, 0, 0, 0},
		{"healthy, 1 % fail", 0.01, 0.01, 9, 2000, 0.01, 0, 0, 0},
		{"healthy, 5 % fail", 0.05, 0.05, 9, 2000, 0.01, 0, 0, 0},
		{"healthy, 20 % fail", 0.20, 0.20, 9, 2000, 0.01, 0, 0, 0},
		{"healthy, 5 % fail, as many on each", 0.05, 0.05, 1, 2000, 0.01, 0, 0, 0},
		{"5 % dropped", 0.05, 0, 9, 2000, 1, 0.999, 250, 500},
		{"5 % dropped, 1 % on the other", 0.05, 0.01, 9, 2000, 1, 0.99, 700, 1500},
		{"5 % dropped, as many on each", 0.05, 0, 1, 2000, 1, 0.99, 800, 1300},
		{"20 % dropped", 0.20, 0, 9, 2000, 1, 1, 50, 80},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		var found []int
		for range trials {
			if n := trial(r, c.to, c.from, c.fromPerTo, c.most); n > 0 {
				found = append(found, n)
			}
		}
		part := float64(len(found)) / trials
		median, ninety := quantileOf(found, 0.5), quantileOf(found, 0.9)
		t.Logf("%-36s failed in %.2f %% of %d trials; median %d, 90 %% within %d connections", c.name, 100*part, trials, median, ninety)
		if part > c.atMost || part < c.atLeast {
			t.Errorf("%s: failed in %.2f %% of the trials", c.name, 100*part)
		}
		if c.median > 0 && (median > c.median || ninety > c.ninetyIn) {
			t.Errorf("%s: found after %d connections in the median, %d in 90 %%", c.name, median, ninety)
		}
	}
}

// Joins of two fleets that are as fast as each other, with a long tail, of which the other fleet's few may show nothing.
func TestChanceOfLatency(t *testing.T) {
	const trials, most = 100, 600
	bounds := []time.Duration{time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second}
	r := rand.New(rand.NewPCG(3, 4))
	join := func(slow float64, l *Latencies) {
		i := r.IntN(2)
		if r.Float64() < slow {
			i = 3 + r.IntN(3)
		}
		l.Counts[i]++
	}
	for _, c := range []struct {
		name            string
		to, from        float64 // joins of the tail
		fromTo          float64 // From's joins to To's
		atMost, atLeast float64
	}{
		{"as fast, 5 % in the tail", 0.05, 0.05, 1, 0.01, 0},
		{"as fast, 5 % in the tail, few to compare with", 0.05, 0.05, 0.05, 0.01, 0},
		{"10 % are slow", 0.10, 0.001, 5, 1, 0.99},
	} {
		failed := 0
		for range trials {
			to, from := Latencies{bounds, make([]uint64, 7)}, Latencies{bounds, make([]uint64, 7)}
			j := judging{gate: &model.Gate{JoinLatency: &model.LatencyGate{Quantile: 0.99, MaxRatio: 2}, MinSamples: 20}}
			for n := 1; n <= most && j.out.Verdict != Fail; n++ {
				join(c.to, &to)
				for from.Total() < max(20, uint64(float64(n)*c.fromTo)) {
					join(c.from, &from)
				}
				j.Sample = Sample{Figures{Joins: to}, Figures{Joins: from}}
				j.judge()
			}
			if j.out.Verdict == Fail {
				failed++
			}
		}
		part := float64(failed) / trials
		t.Logf("%-46s failed in %.1f %% of %d trials", c.name, 100*part, trials)
		if part > c.atMost || part < c.atLeast {
			t.Errorf("%s: failed in %.1f %% of the trials", c.name, 100*part)
		}
	}
}

func quantileOf(list []int, q float64) int {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))]
}
