package simulate

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// What is asked for happens by time, and what has one time in the order in which it was asked for.
func TestLoopOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLoop(noon, 1)
		delays := rapid.SliceOfN(rapid.IntRange(-2, 5), 1, 60).Draw(t, "delays")
		type call struct{ at, n int }
		var want, got []call
		for n, d := range delays {
			at := max(0, d)
			want = append(want, call{at, n})
			l.After(time.Duration(d)*time.Second, func() {
				got = append(got, call{int(l.Now().Sub(noon).Seconds()), n})
			})
		}
		slices.SortStableFunc(want, func(a, b call) int { return a.at - b.at })
		if err := l.Run(context.Background(), noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		if !l.Now().Equal(noon.Add(time.Minute)) {
			t.Fatalf("the clock stands at %v", l.Now())
		}
	})
}

func TestLoopStopsAndGoesOn(t *testing.T) {
	play := func(stop bool) uint64 {
		l := NewLoop(noon, 7)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		n := 0
		var step func()
		step = func() {
			n++
			l.Note("step", uint64(n), l.Rand.Uint64())
			if n == 5000 && stop {
				cancel()
			}
			l.After(time.Second, step)
		}
		l.After(0, step)
		end := noon.Add(10_000 * time.Second)
		if err := l.Run(ctx, end); stop != errors.Is(err, context.Canceled) {
			t.Fatalf("stop %v: %v", stop, err)
		}
		if stop {
			if l.Now().After(noon.Add(6100 * time.Second)) {
				t.Errorf("went on until %v", l.Now())
			}
			if err := l.Run(context.Background(), end); err != nil {
				t.Fatal(err)
			}
		}
		if n != 10_000 {
			t.Errorf("%d steps", n)
		}
		return l.Hash()
	}
	if a, b := play(false), play(true); a != b {
		t.Errorf("%x, and with a stop in between %x", a, b)
	}
}

func TestHashTellsApart(t *testing.T) {
	hash := func(note func(l *Loop)) uint64 {
		l := NewLoop(noon, 1)
		note(l)
		return l.Hash()
	}
	all := []uint64{
		hash(func(*Loop) {}),
		hash(func(l *Loop) { l.Note("a", 1, 2) }),
		hash(func(l *Loop) { l.Note("a", 2, 1) }),
		hash(func(l *Loop) { l.Note("a", 1); l.Note("", 2) }),
		hash(func(l *Loop) { l.NoteText("ab"); l.NoteText("c") }),
		hash(func(l *Loop) { l.NoteText("a"); l.NoteText("bc") }),
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 6 {
		t.Errorf("%x", all)
	}
}

// A trace in seconds from its start begins in 1970, and its lead-in before.
func TestBefore1970(t *testing.T) {
	start := time.Unix(0, 0).Add(-1500 * time.Millisecond)
	l := NewLoop(start, 1)
	var got []time.Duration
	for _, d := range []time.Duration{2600, 100, 1400, 1600, 400, 600} {
		l.After(d*time.Millisecond, func() { got = append(got, l.Now().Sub(start)/time.Millisecond) })
	}
	if err := l.Run(context.Background(), start.Add(time.Minute)); err != nil || !slices.Equal(got, []time.Duration{100, 400, 600, 1400, 1600, 2600}) {
		t.Errorf("%v, %v", got, err)
	}
}
