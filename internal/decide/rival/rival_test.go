package rival

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"
)

// TestTraces tells what the rivals do, in testdata/traces. Commands:
//
//	buffer servers=N|percent=N [min=N] [max=N]   Agones' Buffer policy; below it how many are in use, one line a question
//	hpa target=F [min=N] [max=N]                 the HPA with nothing remembered
//	see                                          below it, line by line: time, servers asked for, of them ready, utilisation
func TestTraces(t *testing.T) {
	datadriven.Walk(t, "testdata/traces", func(t *testing.T, path string) {
		var hpa HPA
		var memory Memory
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "buffer":
				return buffer(t, d)
			case "hpa":
				hpa, memory = HPA{}, Memory{}
				d.ScanArgs(t, "target", &hpa.Target)
				d.MaybeScanArgs(t, "min", &hpa.Min)
				d.MaybeScanArgs(t, "max", &hpa.Max)
				return "ok\n"
			case "see":
				var out string
				out, memory = see(t, d, hpa, memory)
				return out
			}
			t.Fatalf("%s: no command %q", d.Pos, d.Cmd)
			return ""
		})
	})
}

func buffer(t *testing.T, d *datadriven.TestData) string {
	var b Buffer
	d.MaybeScanArgs(t, "servers", &b.Servers)
	d.MaybeScanArgs(t, "percent", &b.Percent)
	d.MaybeScanArgs(t, "min", &b.Min)
	d.MaybeScanArgs(t, "max", &b.Max)
	var out strings.Builder
	for line := range strings.Lines(d.Input) {
		var inUse int
		if _, err := fmt.Sscanf(line, "%d in use", &inUse); err != nil {
			t.Fatalf("%s: %q: %v", d.Pos, line, err)
		}
		fmt.Fprintf(&out, "%d in use: %d servers\n", inUse, b.Replicas(inUse))
	}
	return out.String()
}

func see(t *testing.T, d *datadriven.TestData, hpa HPA, memory Memory) (string, Memory) {
	var out strings.Builder
	for line := range strings.Lines(d.Input) {
		var after string
		var s Seen
		if _, err := fmt.Sscanf(line, "%s %d servers %d ready %g", &after, &s.Servers, &s.Ready, &s.Value); err != nil {
			t.Fatalf("%s: %q: %v", d.Pos, line, err)
		}
		passed, err := time.ParseDuration(after)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		var n int
		n, memory = hpa.Replicas(memory, time.Unix(0, 0).Add(passed), s)
		fmt.Fprintf(&out, "%s -> %d\n", strings.TrimSpace(line), n)
	}
	return out.String(), memory
}

// TestBufferIsFull: with the buffer's percentage of all servers unused, and none to spare.
func TestBufferIsFull(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Buffer{Percent: rapid.IntRange(1, 99).Draw(t, "percent")}
		inUse := rapid.IntRange(0, 10_000).Draw(t, "in use")
		n := b.Replicas(inUse)
		enough := func(n int) bool { return (n-inUse)*100 >= b.Percent*n }
		if !enough(n) || n < 1 || n > 1 && enough(n-1) {
			t.Fatalf("%d %% of %d in use: %d servers", b.Percent, inUse, n)
		}
	})
}

// TestHPAScalesInOnlyAfterItsWindow, out at once, and stays within its bounds.
func TestHPAScalesInOnlyAfterItsWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := HPA{Target: 0.7, Min: rapid.IntRange(0, 3).Draw(t, "min"), Max: 50}
		var memory Memory
		now, servers := time.Unix(0, 0), rapid.IntRange(1, 50).Draw(t, "servers")
		var asked []int // at each poll
		for range rapid.IntRange(1, 40).Draw(t, "polls") {
			seen := Seen{Servers: servers, Ready: servers, Value: rapid.Float64Range(0, 1).Draw(t, "value")}
			wanted := within(h.recommend(seen), max(1, h.Min), h.Max)
			var n int
			n, memory = h.Replicas(memory, now, seen)
			if n < max(1, h.Min) || n > h.Max {
				t.Fatalf("%d servers, not within %+v", n, h)
			}
			if n < wanted {
				t.Fatalf("%d servers where %d are recommended", n, wanted)
			}
			for _, before := range asked[max(0, len(asked)-9):] {
				if n < servers && n < before {
					t.Fatalf("down to %d, and %d were recommended within five minutes", n, before)
				}
			}
			asked, servers, now = append(asked, wanted), n, now.Add(HPAPoll)
		}
		if len(memory.past) > int(HPAStabilization/HPAPoll)+2 {
			t.Fatalf("it remembers %d recommendations", len(memory.past))
		}
	})
}
