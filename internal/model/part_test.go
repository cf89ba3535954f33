package model

import "testing"

func TestPartOf(t *testing.T) {
	for _, c := range []struct {
		text          string
		all, down, up int
		ok            bool
	}{
		{"3", 10, 3, 3, true},
		{"0", 10, 0, 0, true},
		{"25%", 10, 2, 3, true},
		{"25%", 8, 2, 2, true},
		{"10%", 3, 0, 1, true},
		{"100%", 7, 7, 7, true},
		{"400%", 7, 7, 7, true},
		{"10%", -1, 0, 0, true},
		{"-1", 10, 0, 0, false},
		{"", 10, 0, 0, false},
		{"%", 10, 0, 0, false},
		{"a few", 10, 0, 0, false},
	} {
		if down, up, ok := PartOf(c.text, c.all); down != c.down || up != c.up || ok != c.ok {
			t.Errorf("%q of %d: %d, %d, %v", c.text, c.all, down, up, ok)
		}
	}
}
