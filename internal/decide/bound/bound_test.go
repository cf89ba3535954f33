package bound

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)

// at is so many minutes after the start.
func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

// minutes is the bound of a demand in server-minutes: what is needed in each minute, one session a server.
func minutes(s Server, need ...int) float64 {
	s.Slots, s.Seats = 1, 1000
	m := New(s, start)
	before := 0
	for i, n := range need {
		m.Add(at(i), Change{Sessions: n - before})
		before = n
	}
	return m.Total(at(len(need))).ServerHours * 60
}

func TestTotal(t *testing.T) {
	boot := func(n int) Server { return Server{Boot: time.Duration(n) * time.Minute} }
	for _, c := range []struct {
		name   string
		server Server
		need   []int
		want   float64
	}{
		{"nothing", boot(2), []int{0, 0, 0}, 0},
		{"one all the time", boot(2), []int{1, 1, 1}, 3 + 2},
		{"the end is not held", boot(2), []int{1, 1, 0, 0, 0}, 2 + 2},
		{"a short gap is kept", boot(2), []int{1, 0, 1}, 3 + 2},
		{"a long gap is a second boot", boot(2), []int{1, 0, 0, 0, 1}, 2 + 2*2},
		{"a gap as long as a boot", boot(2), []int{1, 0, 0, 1}, 2 + 2 + 2},
		{"booting takes no time", boot(0), []int{1, 0, 1, 0, 3}, 5},
		{"levels apart", boot(2), []int{2, 1, 2, 0, 0, 0, 2}, (4 + 2*2) + (3 + 1 + 2*2)},
		{"a minimum", Server{Boot: 2 * time.Minute, Min: 1}, []int{0, 0, 2, 0}, (4 + 2) + (1 + 2)},
		{"one is there already", Server{Boot: 2 * time.Minute, Present: 1}, []int{1, 1, 2}, 3 + (1 + 2)},
		{"it waits for the need", Server{Boot: 2 * time.Minute, Present: 1}, []int{0, 1}, 2},
		{"or is stopped before it", Server{Boot: 2 * time.Minute, Present: 1}, []int{0, 0, 0, 0, 1}, 1 + 2},
		{"and is never needed", Server{Boot: 2 * time.Minute, Present: 3}, []int{0, 0}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := minutes(c.server, c.need...); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("%v with %+v: %g server-minutes, want %g", c.need, c.server, got, c.want)
			}
		})
	}
}

func TestNeeded(t *testing.T) {
	for _, c := range []struct {
		name              string
		server            Server
		sessions, players int
		want              int
	}{
		{"by slots", Server{Slots: 10, Seats: 1000}, 21, 21, 3},
		{"by seats", Server{Slots: 10, Seats: 50}, 1, 101, 3},
		{"by sessions that have no key", Server{Slots: 10, Seats: 1000, SeatsPerSession: 5}, 0, 101, 3},
		{"players without a key in sessions with one", Server{Slots: 10, Seats: 1000, SeatsPerSession: 5}, 20, 100, 2},
		{"by the minimum", Server{Slots: 10, Seats: 1000, Min: 4}, 1, 1, 4},
		{"nobody", Server{Slots: 10, Seats: 1000}, 0, 0, 0},
	} {
		m := New(c.server, start)
		m.Add(start, Change{Sessions: c.sessions, Players: c.players})
		if got := m.Needed(); got != c.want {
			t.Errorf("%s: %d sessions and %d players need %d of %+v, want %d", c.name, c.sessions, c.players, got, c.server, c.want)
		}
	}
}

// TestWhatComesAndGoesAtOneInstantNeedsNothing: a session that ends as another begins leaves its slot to it.
func TestWhatComesAndGoesAtOneInstantNeedsNothing(t *testing.T) {
	m := New(Server{Slots: 1, Seats: 1, Boot: time.Minute}, start)
	m.Add(start, Change{Sessions: 1, Players: 1})
	m.Add(at(5), Change{Sessions: 1, Players: 1})
	if got := m.Needed(); got != 2 {
		t.Errorf("needed %d for a moment, want 2", got)
	}
	m.Add(at(5), Change{Sessions: -1, Players: -1})
	if got := m.Total(at(10)); got.Peak != 1 || math.Abs(got.ServerHours*60-11) > 1e-9 {
		t.Errorf("got %+v, want 1 server for 10 minutes and its boot", got)
	}
}

func TestMistakesOfTheCallerAreNotCountedOn(t *testing.T) {
	for name, wrong := range map[string]func(){
		"a server without a slot": func() { New(Server{Seats: 1}, start) },
		"a server without a seat": func() { New(Server{Slots: 1}, start) },
		"time goes back":          func() { m := New(Server{Slots: 1, Seats: 1}, start); m.Add(at(1), Change{}); m.Add(at(0), Change{}) },
		"fewer than none":         func() { m := New(Server{Slots: 1, Seats: 1}, start); m.Add(at(0), Change{Players: -1}); m.Total(at(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it went on")
				}
			}()
			wrong()
		})
	}
}

// TestNoScheduleIsCheaper is the proof of docs/SIMULATE.md tried out on small demands: of all schedules there are, none
// costs less than the bound, and one costs exactly that, so no bound could be higher.
func TestNoScheduleIsCheaper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Server{
			Boot:    time.Duration(rapid.IntRange(0, 4).Draw(t, "boot")) * time.Minute,
			Min:     rapid.IntRange(0, 1).Draw(t, "min"),
			Present: rapid.IntRange(0, 2).Draw(t, "present"),
		}
		need := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 7).Draw(t, "need")
		wanted := make(demand, len(need))
		for i, n := range need {
			wanted[i] = max(n, s.Min)
		}
		schedules := schedules{boot: int(s.Boot / time.Minute), known: map[string]int{}}
		if got, want := minutes(s, need...), schedules.with(s.Present, wanted); math.Abs(got-float64(want)) > 1e-9 {
			t.Fatalf("need %v of %+v: the bound is %g server-minutes, the cheapest schedule costs %d", need, s, got, want)
		}
	})
}

// demand is how many servers are still missing in each minute.
type demand []int

// without is the demand when a server serves from minute a until e.
func (d demand) without(a, e int) demand {
	d = slices.Clone(d)
	for i := a; i < e; i++ {
		d[i] = max(0, d[i]-1)
	}
	return d
}

// schedules tries them all.
type schedules struct {
	boot  int
	known map[string]int
}

// with is the cheapest schedule with so many servers there at the beginning, each until any minute.
func (s schedules) with(present int, d demand) int {
	if present == 0 {
		return s.cheapest(d)
	}
	least := math.MaxInt
	for e := range len(d) + 1 {
		least = min(least, e+s.with(present-1, d.without(0, e)))
	}
	return least
}

// cheapest is the cheapest schedule of servers that all boot. One of them serves in the first minute in which one is
// missing: it is tried with every time at which it may have become ready and at which it may stop.
func (s schedules) cheapest(d demand) int {
	first := slices.IndexFunc(d, func(n int) bool { return n > 0 })
	if first < 0 {
		return 0
	}
	name := fmt.Sprint(d)
	if least, ok := s.known[name]; ok {
		return least
	}
	least := math.MaxInt
	for a := range first + 1 {
		for e := first + 1; e <= len(d); e++ {
			least = min(least, s.boot+e-a+s.cheapest(d.without(a, e)))
		}
	}
	s.known[name] = least
	return least
}

// BenchmarkMeter is a day of a million sessions.
func BenchmarkMeter(b *testing.B) {
	for b.Loop() {
		m := New(Server{Slots: 10, Seats: 1000, Boot: 30 * time.Second}, start)
		for i := range 1_000_000 {
			m.Add(start.Add(time.Duration(i)*40*time.Millisecond), Change{Sessions: 1 - 2*(i/1000%2), Players: 3 - 6*(i/1000%2)})
		}
		m.Total(start.Add(24 * time.Hour))
	}
}
