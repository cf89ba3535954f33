package main

import (
	"strings"
	"testing"
	"time"
)

func TestTimesBehind(t *testing.T) {
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"90m": now.Add(-90 * time.Minute), "7d": now.AddDate(0, 0, -7), "2w": now.AddDate(0, 0, -14),
		"2026-11-20T18:00:00+09:00": time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		"2026-11-20":                time.Date(2026, 11, 20, 0, 0, 0, 0, time.Local),
		"2026-11-20T18:30":          time.Date(2026, 11, 20, 18, 30, 0, 0, time.Local),
	} {
		var p past
		if err := p.UnmarshalText([]byte(text)); err != nil || !p.time(now).AsTime().Equal(want) {
			t.Errorf("%s is %v, %v; want %s", text, p.time(now).AsTime(), err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-3h", "0s", "7dd", "100000d", "2026-13-01"} {
		var p past
		if err := p.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "7d") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if (&past{}).time(now) != nil {
		t.Error("nothing said is a time")
	}
}

func TestSparklines(t *testing.T) {
	for _, c := range []struct {
		values []float64
		known  []bool
		want   string
	}{
		{[]float64{0, 1, 2, 7}, nil, "▁▂▃█"},
		{[]float64{0, 0}, nil, "▁▁"},
		{[]float64{5, 0, 5}, []bool{true, false, true}, "█ █"},
	} {
		if c.known == nil {
			c.known = []bool{true, true, true, true}[:len(c.values)]
		}
		if got := sparkline(c.values, c.known); got != c.want {
			t.Errorf("%v: %q, want %q", c.values, got, c.want)
		}
	}
}
