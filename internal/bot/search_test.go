package bot

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// searched lists what is asked when everything up to capacity is good.
func searched(low, highest, capacity int) (asked []string, found int) {
	s := search{low: low, max: highest}
	for n := s.next(); n > 0; n = s.next() {
		good := n <= capacity
		mark := "-"
		if good {
			mark = "+"
		}
		asked = append(asked, fmt.Sprintf("%d%s", n, mark))
		s.tell(n, good)
	}
	return asked, s.good
}

func TestSearchDoublesThenHalves(t *testing.T) {
	for _, c := range []struct {
		low, max, capacity int
		asked              []string
		found              int
	}{
		{10, 1000, 100, []string{"10+", "20+", "40+", "80+", "160-", "120-", "100+", "110-", "105-"}, 100},
		{10, 1000, 5000, []string{"10+", "20+", "40+", "80+", "160+", "320+", "640+", "1000+"}, 1000},
		{10, 1000, 3, []string{"10-", "5-", "2+", "3+", "4-"}, 3},
		{10, 1000, 0, []string{"10-", "5-", "2-", "1-"}, 0},
		{10, 4, 100, []string{"4+"}, 4},
		{10, 60, 50, []string{"10+", "20+", "40+", "60-", "50+", "55-", "52-"}, 50},
	} {
		asked, found := searched(c.low, c.max, c.capacity)
		if found != c.found || !slices.Equal(asked, c.asked) {
			t.Errorf("capacity %d from %d, at most %d: found %d by %v; want %d by %v", c.capacity, c.low, c.max, found, asked, c.found, c.asked)
		}
	}
}

// TestSearchFinds: what is found is good, and at most a twentieth below what is not.
func TestSearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		highest := rapid.IntRange(1, 100_000).Draw(t, "max")
		capacity := rapid.IntRange(0, 120_000).Draw(t, "capacity")
		asked, found := searched(rapid.IntRange(1, 100).Draw(t, "low"), highest, capacity)
		best := min(capacity, highest)
		if found > best || best-found >= max(1, found/precision) {
			t.Fatalf("found %d of %d by %v", found, best, asked)
		}
		if len(asked) > 40 {
			t.Fatalf("%d steps: %v", len(asked), asked)
		}
	})
}
