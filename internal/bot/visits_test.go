package bot

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

func readTrace(t *testing.T, text string) trace.Trace {
	t.Helper()
	demand, err := trace.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return demand
}

func tenSeats(model.RouteName) int { return 10 }

func TestVisitsAreTheTraces(t *testing.T) {
	demand := readTrace(t, "# step 10s\ntime,route,joins,sessions,stay_seconds\n0,voice,20,5,30\n0,plaza,7,,30\n20,voice,3,3,600\n")
	visits := visitsOf(&demand, 1, 10, tenSeats)
	if !slices.IsSortedFunc(visits, func(a, b visit) int { return int(a.after - b.after) }) {
		t.Error("visits are not in the order of their coming")
	}
	if !slices.Equal(visits, visitsOf(&demand, 1, 10, tenSeats)) {
		t.Error("one seed gave two days")
	}
	if slices.Equal(visits, visitsOf(&demand, 2, 10, tenSeats)) {
		t.Error("two seeds gave one day")
	}
	per, stayed := map[string]int{}, time.Duration(0)
	sessions := map[int]int{}
	for i, v := range visits {
		if v.player != i+1 || v.stay < 0 {
			t.Errorf("visit %d: %+v", i, v)
		}
		switch {
		case v.route == "plaza" && v.session == 0 && v.after < time.Second:
			per["keyless"]++
		case v.route == "voice" && v.session <= 5 && v.after < time.Second+300*time.Millisecond: // others come within 3 s of their first
			per["first"]++
			stayed += v.stay
			sessions[v.session]++
		case v.route == "voice" && v.session > 5 && v.after >= 2*time.Second && v.after < 3*time.Second:
			per["last"]++
			sessions[v.session]++
		default:
			t.Errorf("nobody was to come so: %+v", v)
		}
	}
	if per["keyless"] != 7 || per["first"] != 20 || per["last"] != 3 || len(sessions) != 8 {
		t.Errorf("%v, %d sessions", per, len(sessions))
	}
	if mean := stayed / 20; mean < time.Second || mean > 8*time.Second { // 30 s at ten times the speed
		t.Errorf("they stay %s in the mean", mean)
	}
}

// TestVisitsProperties: whatever the row, its joins and sessions are played, and no session is overfilled while another
// one has a seat.
func TestVisitsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seats := rapid.IntRange(1, 12).Draw(t, "seats")
		r := trace.Row{Route: "voice", Joins: rapid.IntRange(0, 60).Draw(t, "joins"), Stay: time.Minute}
		r.Sessions = rapid.IntRange(0, r.Joins).Draw(t, "sessions")
		demand := trace.Trace{Step: 10 * time.Second, Rows: []trace.Row{r}}
		visits := visitsOf(&demand, rapid.Uint64().Draw(t, "seed"), 1, func(model.RouteName) int { return seats })
		if len(visits) != r.Joins {
			t.Fatalf("%d visits for %d joins", len(visits), r.Joins)
		}
		sizes := map[int]int{}
		for _, v := range visits {
			sizes[v.session]++
		}
		if r.Sessions == 0 {
			return
		}
		least, most := math.MaxInt, 0
		for _, n := range sizes {
			least, most = min(least, n), max(most, n)
		}
		if sizes[0] > 0 || len(sizes) != r.Sessions || most > seats && least < seats {
			t.Fatalf("sessions of %v players, %d seats each", sizes, seats)
		}
	})
}
