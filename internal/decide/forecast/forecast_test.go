package forecast

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/decide/scale"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// past is what a fleet had in the weeks before and until `now`, by a function of the time.
func past(now time.Time, sessions func(at time.Time) float64) Past {
	p := Past{Start: monday}
	for at := monday; at.Before(now); at = at.Add(Slot) {
		p.Sessions = append(p.Sessions, sessions(at))
	}
	return p
}

// evening is a quiet day with a crowd from 20:00 to 22:00.
func evening(at time.Time) float64 {
	if h := at.Hour(); h == 20 || h == 21 {
		return 400
	}
	return 100
}

// on answers what is expected at a time.
func on(t *testing.T, list []scale.Expectation, at time.Time) float64 {
	t.Helper()
	for _, e := range list {
		if e.At.Equal(at) {
			return e.Sessions
		}
	}
	t.Fatalf("nothing is expected at %s: %v", at, list)
	return 0
}

func TestTheCrowdOfLastWeekIsExpectedAgain(t *testing.T) {
	now := monday.AddDate(0, 0, 9).Add(19*time.Hour + 3*time.Minute) // Wednesday of the second week, 19:03
	got := past(now, evening).Expect(now, 4)
	if first, last := got[0].At, got[len(got)-1].At; now.Sub(first) < Behind || last.Sub(now) < time.Hour {
		t.Errorf("from %s to %s, at %s", first, last, now)
	}
	for at, want := range map[time.Duration]float64{18*time.Hour + 50*time.Minute: 100, 19*time.Hour + 50*time.Minute: 100, 20 * time.Hour: 400} {
		if v := on(t, got, monday.AddDate(0, 0, 9).Add(at)); v != want {
			t.Errorf("at %s: %g, want %g", at, v, want)
		}
	}
}

func TestTodayScalesWhatIsUsual(t *testing.T) {
	today := monday.AddDate(0, 0, 14)
	now := today.Add(19 * time.Hour)
	for _, c := range []struct{ times, atLeast, atMost float64 }{
		{1.5, 1.45, 1.5}, {0.7, 0.7, 0.72}, {10, 2, 2}, {0, 0.5, 0.5},
	} {
		p := past(now, func(at time.Time) float64 {
			if at.Before(today) {
				return evening(at)
			}
			return c.times * evening(at)
		})
		got := on(t, p.Expect(now, 4), today.Add(20*time.Hour)) / 400
		if got < c.atLeast || got > c.atMost {
			t.Errorf("a day %g times as busy: expects %g of what is usual", c.times, got)
		}
	}
}

func TestTheLastWeekWeighsMost(t *testing.T) {
	now := monday.AddDate(0, 0, 28)
	p := past(now, func(at time.Time) float64 { return float64(100 * (1 + int(at.Sub(monday)/(7*24*time.Hour)))) }) // 100 … 400
	first := p.index(now)
	for weeks, want := range map[int]float64{1: 400, 2: (400 + 0.75*300) / 1.75, 3: (400 + 0.75*300 + 0.5625*200) / 2.3125} {
		if got, ok := p.usual(first, first, weeks); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("by %d weeks %g is usual, want %g", weeks, got, want)
		}
	}
}

func TestNothingIsExpectedBeforeAWeekIsKnown(t *testing.T) {
	for name, now := range map[string]time.Time{
		"six days": monday.AddDate(0, 0, 6), "a clock before the first record": monday.AddDate(0, 0, -3), "at once": monday,
	} {
		if got := past(monday.AddDate(0, 0, 6), evening).Expect(now, 4); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	now := monday.AddDate(0, 0, 8)
	hole := past(now, func(at time.Time) float64 {
		if d := at.Sub(monday); d > 48*time.Hour && d < 72*time.Hour {
			return math.NaN()
		}
		return 100
	})
	if got := hole.Expect(now, 4); got != nil {
		t.Errorf("with a day missing: %v", got)
	}
}

func TestGapsAreLeftOut(t *testing.T) {
	now := monday.AddDate(0, 0, 8)
	gap := func(at time.Time) bool { return at.Sub(monday) >= 24*time.Hour && at.Sub(monday) < 25*time.Hour }
	got := past(now, func(at time.Time) float64 {
		if gap(at) {
			return math.NaN()
		}
		return 100
	}).Expect(now, 4)
	if len(got) == 0 {
		t.Fatal("a gap of an hour spoils everything")
	}
	for _, e := range got {
		if gap(e.At.AddDate(0, 0, -7)) {
			t.Errorf("expects %g at %s, of which nothing is known", e.Sessions, e.At)
		}
	}
}

// randomPast draws weeks with noise and gaps, and a time at its end.
func randomPast(t *rapid.T) (Past, time.Time) {
	n := rapid.IntRange(0, 3*SlotsPerWeek).Draw(t, "slots")
	level := rapid.SliceOfN(rapid.Float64Range(0, 1e6), 1, 24).Draw(t, "levels")
	holes := rapid.IntRange(2, 2000).Draw(t, "every such slot is missing")
	p := Past{Start: monday, Sessions: make([]float64, n)}
	for i := range p.Sessions {
		p.Sessions[i] = level[i%len(level)]
		if i%holes == holes-1 {
			p.Sessions[i] = math.NaN()
		}
	}
	return p, monday.Add(time.Duration(n)*Slot + time.Duration(rapid.IntRange(0, 3600).Draw(t, "seconds"))*time.Second)
}

// TestSafety: what is expected is a number between half of the least and twice the most that there ever was, in order, and
// does not depend on what comes after now.
func TestSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now := randomPast(t)
		weeks := rapid.IntRange(0, 5).Draw(t, "weeks")
		got := p.Expect(now, weeks)
		least, most := math.Inf(1), 0.0
		for _, v := range p.Sessions {
			if !math.IsNaN(v) {
				least, most = min(least, v), max(most, v)
			}
		}
		for i, e := range got {
			if !(e.Sessions >= least*minScale-1e-6) || !(e.Sessions <= most*maxScale+1e-6) {
				t.Fatalf("expects %g of %g … %g", e.Sessions, least, most)
			}
			if i > 0 && e.At.Sub(got[i-1].At) < Slot || e.At.Before(now.Add(-Behind-Slot)) || e.At.After(now.Add(Ahead)) {
				t.Fatalf("point %d is at %s, now is %s", i, e.At, now)
			}
		}
		longer := Past{Start: p.Start, Sessions: append(p.Sessions[:len(p.Sessions):len(p.Sessions)], 1e9, 1e9)}
		for i, e := range longer.Expect(monday.Add(time.Duration(len(p.Sessions))*Slot), weeks) {
			if same := p.Expect(monday.Add(time.Duration(len(p.Sessions))*Slot), weeks); same[i] != e {
				t.Fatalf("point %d is %v, with the future known %v", i, same[i], e)
			}
		}
	})
}

// TestLiveness: a week that repeats itself is expected as it was.
func TestLiveness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.Float64Range(0, 1e5), 7, 7).Draw(t, "days")
		days := rapid.IntRange(7, 24).Draw(t, "days recorded")
		now := monday.AddDate(0, 0, days).Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "seconds")) * time.Second)
		like := func(at time.Time) float64 { return shape[int(at.Sub(monday)/(24*time.Hour))%7] }
		got := past(now.Truncate(Slot), like).Expect(now, rapid.IntRange(1, 4).Draw(t, "weeks"))
		if len(got) < int(Ahead/Slot) {
			t.Fatalf("only %d points", len(got))
		}
		for _, e := range got {
			if want := like(e.At); math.Abs(e.Sessions-want) > 1e-6*(1+want) {
				t.Fatalf("at %s: %g, want %g", e.At, e.Sessions, want)
			}
		}
	})
}
