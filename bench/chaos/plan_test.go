//go:build linux

package main

import (
	"slices"
	"testing"
	"time"
)

func TestPlanIsTheSeeds(t *testing.T) {
	if a, b := plan(7, time.Minute, 6*time.Second, kinds[:]), plan(7, time.Minute, 6*time.Second, kinds[:]); !slices.Equal(a, b) {
		t.Errorf("one seed, two plans:\n%v\n%v", a, b)
	}
	if a, b := plan(7, time.Minute, 6*time.Second, kinds[:]), plan(8, time.Minute, 6*time.Second, kinds[:]); slices.Equal(a, b) {
		t.Error("two seeds, one plan")
	}
	for seed := range uint64(100) {
		seen := map[kind]int{}
		for _, f := range plan(seed, 2*time.Minute, 6*time.Second, kinds[:]) {
			seen[f.Kind]++
			if f.At >= 2*time.Minute || f.For < 0 || f.For > 9*time.Second {
				t.Fatalf("seed %d: %s at %s", seed, f, f.At)
			}
		}
		for _, k := range kinds {
			if seen[k] < 2 {
				t.Errorf("seed %d: %s comes %d times in two minutes", seed, k, seen[k])
			}
		}
	}
}
