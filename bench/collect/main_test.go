package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCollectAveragesRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.json")
	in := "cpu: Some CPU\nBenchmarkJoin/keyed-2  100  200 ns/op  10 B/op\nBenchmarkJoin/keyed-2  100  400 ns/op  10 B/op\nok  x  1s\n"
	if err := collect(strings.NewReader(in), path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s summary
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Benchmarks["Join/keyed"]; s.CPU != "Some CPU" || got["ns/op"] != 300 || got["B/op"] != 10 {
		t.Errorf("summary: %+v", s)
	}
}

func TestCollectRefusesFailures(t *testing.T) {
	for _, in := range []string{"", "PASS\n", "BenchmarkA-2 1 1 ns/op\nFAIL x\n"} {
		if err := collect(strings.NewReader(in), filepath.Join(t.TempDir(), "out.json")); err == nil {
			t.Errorf("%q was taken for a success", in)
		}
	}
}
