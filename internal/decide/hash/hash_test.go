package hash

import (
	"hash/fnv"
	"testing"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		whole string
		parts []string
	}{
		{"", []string{""}},
		{"room-7", []string{"room-7"}},
		{"new-lobby\x00room-7", []string{"new-lobby", "room-7"}},
		{"広場\x00", []string{"広場", ""}},
	} {
		h := fnv.New64a()
		_, _ = h.Write([]byte(c.whole))
		if got, want := Of(c.parts...), Mix(h.Sum64()); got != want {
			t.Errorf("%q: %x, want %x", c.parts, got, want)
		}
	}
}

// The first numbers of SplitMix64 from 0, as its authors' program prints them.
func TestMix(t *testing.T) {
	const step = 0x9e3779b97f4a7c15
	seed := uint64(0)
	for i, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f} {
		if got := Mix(seed); got != want {
			t.Errorf("number %d: %x, want %x", i, got, want)
		}
		seed += step
	}
}
