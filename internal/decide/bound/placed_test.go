package bound

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// visit is one of minutes after noon.
func visit(session uint64, from, until float64) Visit {
	at := func(minutes float64) time.Time { return noon.Add(time.Duration(minutes * float64(time.Minute))) }
	return Visit{Session: session, From: at(from), Until: at(until), Mean: 25 * time.Minute}
}

func TestPlacedByHand(t *testing.T) {
	d := Day{Start: noon, End: noon.Add(2 * time.Hour), Server: Server{Slots: 2, Seats: 20}, Visits: []Visit{
		visit(1, -30, 10), visit(2, -20, 100), // of before; they are on one server
		visit(3, 0, 40), visit(3, 1, 90), // two players of one session, on a second server
		visit(4, 2, 12), visit(5, 15, 95), visit(6, 20, 30), // 4 beside 3, and 5 and 6 where there is room
		visit(6, 200, 210), // after the day
	}}
	for rule, want := range map[Rule]float64{
		Fullest: 100 + 90 + 5, // 5 is put where 3 is: two players, not one
		Crowded: 100 + 90 + 5,
		Oldest:  100 + 90, // 5 beside 2
		Ends:    100 + 90,
	} {
		if got := d.Placed(rule) * 60; math.Abs(got-want) > 1e-6 {
			t.Errorf("rule %d: %.2f server-minutes, want %.0f", rule, got, want)
		}
	}
	if got := d.Bound().ServerHours * 60; math.Abs(got-(100+12+75)) > 1e-6 { // one until 100, a second until 12 and from 15 to 90
		t.Errorf("the bound is %.2f server-minutes, want 187", got)
	}
}

func drawDay(t *rapid.T) Day {
	d := Day{Start: noon, End: noon.Add(2 * time.Hour), Server: Server{Slots: rapid.IntRange(1, 4).Draw(t, "slots"), Seats: 100}}
	for range rapid.IntRange(0, 30).Draw(t, "visits") {
		from := float64(rapid.IntRange(-60, 130).Draw(t, "from"))
		d.Visits = append(d.Visits, visit(uint64(rapid.IntRange(1, 12).Draw(t, "session")), from, from+float64(rapid.IntRange(1, 90).Draw(t, "stay"))))
	}
	return d
}

// Nobody who moves no session spends less than who may.
func TestPlacedIsNotBelowTheBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDay(t)
		least := d.Bound().ServerHours
		for _, rule := range []Rule{Fullest, Crowded, Oldest, Ends} {
			if got := d.Placed(rule); got < least-1e-9 {
				t.Fatalf("rule %d: %.4f server-hours, the bound is %.4f", rule, got, least)
			}
		}
	})
}

// crowd is a quarter of an hour in which sessions of three begin, and a long time after it.
func crowd(draw uint64) Day {
	d := Day{Start: noon, End: noon.Add(3 * time.Hour), Server: Server{Slots: 5, Seats: 100}}
	stays := rand.New(rand.NewPCG(draw, 1))
	for i := range uint64(120) {
		from := float64(i) / 8
		if i >= 100 {
			from = float64(i-100) * 8
		}
		for p := range 3 {
			at := from + float64(p)/10
			d.Visits = append(d.Visits, visit(i, at, at+25*stays.ExpFloat64()))
		}
	}
	return d
}

// What is placed without a look at the ends is above the floor in the mean, and the floor well above the bound.
func TestBlindIsBelowWhoeverDoesNotKnow(t *testing.T) {
	var days []Day
	bounds, placed := 0.0, map[Rule]float64{}
	const n = 30
	for i := range uint64(n + 1) {
		d := crowd(i)
		days = append(days, d)
		if i == 0 {
			continue
		}
		bounds += d.Bound().ServerHours / n
		for _, rule := range []Rule{Fullest, Crowded, Oldest, Ends} {
			placed[rule] += d.Placed(rule) / n
		}
	}
	floor := Blind(days)
	t.Logf("bound %.2f, floor %.2f, fullest %.2f, crowded %.2f, oldest %.2f, by the ends %.2f server-hours",
		bounds, floor, placed[Fullest], placed[Crowded], placed[Oldest], placed[Ends])
	if floor < 1.1*bounds {
		t.Errorf("the floor of %.2f says little beside the bound of %.2f", floor, bounds)
	}
	for _, rule := range []Rule{Fullest, Crowded, Oldest} {
		if placed[rule] < floor {
			t.Errorf("rule %d spends %.2f server-hours, below the floor of %.2f", rule, placed[rule], floor)
		}
	}
	if placed[Ends] > placed[Fullest] {
		t.Errorf("who knows the ends spends %.2f server-hours, who does not %.2f", placed[Ends], placed[Fullest])
	}
}

// One server of sessions that all began at the start: what is left of it is the chance that any of their players is.
func TestBlindByHand(t *testing.T) {
	d := Day{Start: noon, End: noon.Add(2 * time.Hour), Server: Server{Slots: 3, Seats: 100}}
	for i := range uint64(6) {
		d.Visits = append(d.Visits, visit(i%2, 0, 180)) // two sessions of three who happen to stay
	}
	want := 2.0 // it is needed all the time
	if got := Blind([]Day{d, d}); math.Abs(got-want) > 1e-9 {
		t.Errorf("%.4f server-hours, want %.0f", got, want)
	}
	x := newSight(&d)
	if got, want := x.left(0, 120), 1-math.Pow(1-math.Exp(-60.0/25), 6); math.Abs(got-want) > 1e-9 {
		t.Errorf("after an hour %.6f of the server is left, want %.6f", got, want)
	}
	if got := x.left(0, 0); got != 1 {
		t.Errorf("%.2f servers at once, want 1", got)
	}
}
