package signal

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/decide/scale"
)

var start = time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)

// clocked is an empty list, its clock, and how often it told of a change.
func clocked() (s *Signals, now *time.Time, told *int) {
	at, n := start, 0
	return New(Config{Now: func() time.Time { return at }, Changed: func() { n++ }}), &at, &n
}

func TestASignalIsWhatWasSetLast(t *testing.T) {
	s, now, told := clocked()
	before := s.Signals()
	for i, v := range []float64{120, 0, -3.5} {
		*now = start.Add(time.Duration(i) * time.Second)
		got, err := s.Set("queue/eu", v)
		if want := (scale.Signal{Value: v, At: *now}); err != nil || got != want || s.Signals()["queue/eu"] != want || *told != i+1 {
			t.Fatalf("set %v: %+v, %v; %+v, told %d times", v, got, err, s.Signals(), *told)
		}
	}
	if len(before) != 0 {
		t.Errorf("what was given out before has changed: %v", before)
	}
	if err := s.Delete("queue/eu"); err != nil || len(s.Signals()) != 0 || *told != 4 {
		t.Errorf("delete: %v, left %v, told %d times", err, s.Signals(), *told)
	}
	if err := s.Delete("queue/eu"); !errors.Is(err, ErrNotFound) || *told != 4 {
		t.Errorf("delete again: %v, told %d times", err, *told)
	}
}

func TestWhatIsNoNumberChangesNothing(t *testing.T) {
	s, _, told := clocked()
	if _, err := s.Set("a", 1); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := s.Set("a", bad); !errors.Is(err, ErrNotFinite) {
			t.Errorf("set %v: %v", bad, err)
		}
	}
	if s.Signals()["a"].Value != 1 || *told != 1 {
		t.Errorf("%v, told %d times", s.Signals(), *told)
	}
}

func TestSignalsAreBounded(t *testing.T) {
	s, _, _ := clocked()
	for i := range Max {
		if _, err := s.Set(fmt.Sprint("signal-", i), 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Set("one-more", 1); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := s.Set("signal-7", 2); err != nil {
		t.Errorf("one that is there: %v", err)
	}
	if err := s.Delete("signal-3"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Set("one-more", 1); err != nil || len(s.List()) != Max {
		t.Errorf("once there is room: %v, %d signals", err, len(s.List()))
	}
}

// The list is what a plain map is after the same changes, in order.
func TestListIsSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, _ := clocked()
		want := map[string]float64{}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"a", "b", "b/c", "d"}).Draw(t, "name")
			if rapid.Bool().Draw(t, "set") {
				want[name] = rapid.Float64Range(-1e6, 1e6).Draw(t, "value")
				if _, err := s.Set(name, want[name]); err != nil {
					t.Fatal(err)
				}
				continue
			}
			_, there := want[name]
			if err := s.Delete(name); (err == nil) != there {
				t.Fatalf("delete %s, there %v: %v", name, there, err)
			}
			delete(want, name)
		}
		var names []string
		for _, v := range s.List() {
			names = append(names, v.Name)
			if v.Value != want[v.Name] {
				t.Fatalf("%s is %v; want %v", v.Name, v.Value, want[v.Name])
			}
		}
		if !slices.Equal(names, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("%v; want the names of %v", names, want)
		}
	})
}
