package model

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationHasNoEmptyParts(t *testing.T) {
	for text, d := range map[string]time.Duration{
		"0s": 0, "10s": 10 * time.Second, "1m": time.Minute, "1m10s": 70 * time.Second, "1h": time.Hour, "1h30m": 90 * time.Minute,
		"1h0m1s": time.Hour + time.Second, "20h": 20 * time.Hour, "-1h": -time.Hour, "1.5s": 1500 * time.Millisecond,
	} {
		if got := Duration(d); got != text {
			t.Errorf("%s is printed as %s, want %s", d, got, text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64().Draw(t, "ns")) }).Draw(t, "d")
		if back, err := time.ParseDuration(Duration(d)); err != nil || back != d {
			t.Fatalf("%d ns is printed as %s, which is read as %d, %v", d, Duration(d), back, err)
		}
	})
}
