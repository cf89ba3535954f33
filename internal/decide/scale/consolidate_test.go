package scale

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// drawMerging is a fleet that asks for consolidation, with servers that are full to any degree.
func drawMerging(t *rapid.T) *story {
	slots := rapid.SampledFrom([]int{2, 5, 10}).Draw(t, "slots")
	spec := model.FleetSpec{
		Capacity: model.Capacity{Sessions: slots, SeatsPerSession: 10}, Min: rapid.IntRange(0, 3).Draw(t, "min"), Max: 40,
		Open: rapid.IntRange(0, slots).Draw(t, "open"), Ready: rapid.IntRange(0, 1).Draw(t, "ready"),
		Scaling: model.Scaling{
			Policies: []model.Policy{{Buffer: &model.BufferPolicy{FreePercent: float64(rapid.SampledFrom([]int{0, 0, 10, 30}).Draw(t, "percent"))}}},
			Consolidation: &model.Consolidation{
				Below: rapid.SampledFrom([]float64{0.3, 0.7, 1}).Draw(t, "below"), After: time.Duration(rapid.IntRange(1, 60).Draw(t, "after")) * time.Second,
				MinStay: time.Duration(rapid.IntRange(1, 60).Draw(t, "stay")) * time.Second, MaxMovesPerMinute: rapid.SampledFrom([]int{1, 5, 60}).Draw(t, "pace"),
			},
		},
	}.WithDefaults()
	if rapid.Bool().Draw(t, "trend") {
		spec.Scaling.Policies = append(spec.Scaling.Policies, model.Policy{Name: "trend", Trend: &model.TrendPolicy{HeadroomPercent: 6}})
	}
	w := &story{now: now, spec: spec, boot: 3 * time.Second, players: 1}
	for i := range rapid.IntRange(1, 12).Draw(t, "servers") {
		w.start()
		s := w.servers[i]
		s.Stage, s.Node = Serving, rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "node")
		w.change(s, rapid.IntRange(0, slots).Draw(t, "sessions"))
	}
	return w
}

// TestConsolidationSafety lives through joins, ends and broken links. No want is ever unmet because a server was given up:
// whatever is asked for after a decision that gave some up was not asked for by it; the pace holds; what is being emptied
// is never left so until its drain's end; and no donor is empty, young or unmovable (merge checks that).
func TestConsolidationSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawMerging(t)
		w.failed = func(text string) { t.Fatal(text) }
		var moves []time.Time
		for range rapid.IntRange(10, 200).Draw(t, "seconds") {
			switch rapid.IntRange(0, 12).Draw(t, "what") {
			case 0:
				w.waiting += rapid.IntRange(1, 6).Draw(t, "joins")
			case 1:
				w.end(rapid.IntRange(1, 6).Draw(t, "ends"))
			case 2:
				w.unlinked = !w.unlinked
			case 3:
				w.now = w.now.Add(time.Minute)
			}
			w.now = w.now.Add(time.Second)
			w.second()
			checkMerging(t, w)
			for range w.moved {
				moves = append(moves, w.now)
			}
			for len(moves) > 0 && w.now.Sub(moves[0]) >= time.Minute {
				moves = moves[1:]
			}
			if most := w.spec.Scaling.Consolidation.MaxMovesPerMinute; len(moves) > most {
				t.Fatalf("%d sessions moved within a minute, at most %d", len(moves), most)
			}
		}
	})
}

func checkMerging(t *rapid.T, w *story) {
	d := w.last
	free, left := 0, 0
	for _, s := range w.servers {
		switch {
		case s.Stage == Serving:
			free += s.FreeSlots
		case s.Merging:
			left += s.Sessions
			if w.now.After(s.MergeBy) {
				t.Fatalf("%s is still being emptied, %s after the middle of its drain", s.ID, w.now.Sub(s.MergeBy))
			}
		}
	}
	if len(d.Donors) == 0 {
		return
	}
	if want := d.Need + left; free < want {
		t.Fatalf("%d servers are given up, and %d slots are free where %d are wanted", len(d.Donors), free, want)
	}
	if len(d.Starts)+len(d.Opens)+len(d.Back) > 0 {
		t.Fatalf("servers are given up and asked for at once: %+v", d)
	}
}

// TestConsolidationLiveness: while nothing changes, sessions come together on about as few servers as hold them and what
// is wanted, and then everything rests. No server is started on the way: what was given up is not asked for again.
func TestConsolidationLiveness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawMerging(t)
		w.failed = func(text string) { t.Fatal(text) }
		run := func(length time.Duration) (did []string) {
			for range int(length / (5 * time.Second)) {
				w.now = w.now.Add(5 * time.Second)
				for _, line := range w.second() {
					did = append(did, fmt.Sprintf("%s %s", w.now.Format(time.TimeOnly), line))
				}
			}
			return did
		}
		run(time.Minute) // what is wanted at the start comes
		born := w.born
		var did []string
		for range 5 { // the trend forgets within the hour
			did = append(did, run(20*time.Minute)...)
		}
		if w.born > born {
			t.Fatalf("%d servers were started although nothing changed: %q", w.born-born, did)
		}
		if did := run(10 * time.Minute); len(did) > 0 {
			t.Fatalf("not at rest: %q", did)
		}
		sessions, serving, smallest := 0, 0, 1<<30
		for _, s := range w.servers {
			if sessions += s.Sessions; s.Stage == Serving {
				serving++
				smallest = min(smallest, s.Sessions)
			}
		}
		c := w.spec.Capacity.Sessions
		enough := (sessions+w.last.Need+margin(&Input{Spec: w.spec})+c-1)/c + 1
		enough = max(enough, w.spec.Min, int(float64(sessions)/(w.spec.Scaling.Consolidation.Below*float64(c)))+1)
		if serving > enough {
			t.Fatalf("%d sessions on %d servers of %d slots, %d wanted free: at most %d servers: %s", sessions, serving, c, w.last.Need, enough, w.each())
		}
	})
}
