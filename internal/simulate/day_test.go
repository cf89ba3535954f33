package simulate

import (
	"context"
	"math"
	"testing"

	"greenroom.dev/greenroom/internal/trace"
)

// The day that floors are worked out of is the demand that is played, and other draws of it have the same people, who come
// at the same times and stay for others.
func TestADayIsTheDemand(t *testing.T) {
	in := evening(t)
	s, err := New(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	day, memoryless, err := s.Day(0)
	if err != nil || !memoryless {
		t.Fatalf("%v, memoryless: %v", err, memoryless)
	}
	r := run(t, in, Own)
	if got := day.Bound().ServerHours; math.Abs(got-r.Bound) > 0.05*r.Bound { // who begins with more servers pays for fewer boots
		t.Errorf("the bound is %.3f server-hours, and %.3f in a run", got, r.Bound)
	}
	other, _, err := s.Day(1)
	if err != nil || len(other.Visits) != len(day.Visits) {
		t.Fatalf("%v: %d visits, %d in the other draw", err, len(day.Visits), len(other.Visits))
	}
	same, ratio := 0, 0.0
	for i, v := range day.Visits {
		w := other.Visits[i]
		if v.Session != w.Session || !v.From.Equal(w.From) || v.Mean != w.Mean {
			t.Fatalf("visit %d: %+v, and %+v in the other draw", i, v, w)
		}
		if v.Until.Equal(w.Until) {
			same++
		}
		ratio += w.Until.Sub(w.From).Seconds() / w.Mean.Seconds() / float64(len(day.Visits))
	}
	if same > len(day.Visits)/100 || math.Abs(ratio-1) > 0.2 {
		t.Errorf("%d of %d stay as long in both draws; the mean stay is %.2f of the trace's", same, len(day.Visits), ratio)
	}
}

func TestADayWithoutFloorsIsRefused(t *testing.T) {
	in := evening(t)
	in.Trace.Rows = append([]trace.Row(nil), in.Trace.Rows...)
	in.Trace.Rows[3].Spread = 0.5
	s, err := New(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, memoryless, err := s.Day(0); err != nil || memoryless {
		t.Errorf("stays of a spread of 0.5 are memoryless: %v, %v", memoryless, err)
	}
	in.Trace.Rows[3].Sessions = 0
	if s, err = New(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Day(0); err == nil {
		t.Error("players without a key have a day")
	}
}
