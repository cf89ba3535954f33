package usage

import (
	"encoding/binary"
	"maps"
	"net"
	"testing"
)

func TestCountersOf(t *testing.T) {
	var names, values []byte
	want := map[string]uint64{"pps_allowance_exceeded": 7, "a_name_that_takes_all_32_bytes_x": 1 << 40}
	for _, name := range []string{"pps_allowance_exceeded", "a_name_that_takes_all_32_bytes_x"} {
		names = append(names, make([]byte, 32)...)
		copy(names[len(names)-32:], name)
		values = binary.NativeEndian.AppendUint64(values, want[name])
	}
	names = append(names, "cut"...)
	if got := countersOf(names, values); !maps.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
}

// TestCardsAreAsked: whatever cards there are, asking answers counters or an error, and the answer is the kernel's.
func TestCardsAreAsked(t *testing.T) {
	if got, err := cardCounters("no-such-card"); err == nil {
		t.Errorf("a card that is not there counts %v", got)
	}
	cards, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, card := range cards {
		counters, err := cardCounters(card.Name)
		t.Logf("%s: %d counters, %v", card.Name, len(counters), err)
		for name := range counters {
			if name == "" {
				t.Errorf("%s has a counter without a name", card.Name)
			}
		}
	}
	for name := range Allowances() {
		t.Logf("this machine counts %s", name)
	}
}
