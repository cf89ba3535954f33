package model

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestInSpace(t *testing.T) {
	for _, c := range []struct {
		space string
		key   SessionKey
		want  bool
	}{
		{"", "anything", true},
		{"concert", "concert", true},
		{"concert", "concert:1", true},
		{"concert", "concert:1:a", true},
		{"concert", "concerto", false},
		{"concert", "conc", false},
		{"concert:1", "concert", false},
		{"concert:1", "concert:10", false},
		{"concert:", "concert:1", false}, // its key would be "concert:" or begin with "concert::"
		{"concert:", "concert::1", true},
	} {
		if got := InSpace(c.space, c.key); got != c.want {
			t.Errorf("%q in %q: %v", c.key, c.space, got)
		}
	}
}

// What a late joiner is shown is what somebody knows who heard everything in that room, whatever was published, and the
// same after all that is kept was told to somebody else.
func TestLateJoinersAreShownWhatOthersKnow(t *testing.T) {
	spaces := []string{"", "a", "a:1", "a:1:x", "a:2", "b"}
	keys := []SessionKey{"a", "a:1", "a:1:x", "a:2", "a:2:x", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		var s Stage
		know := map[SessionKey]map[string]string{}
		for _, k := range keys {
			know[k] = map[string]string{}
		}
		for serial := range rapid.IntRange(1, 30).Draw(t, "messages") {
			m := StageMessage{
				Route: "r", Space: rapid.SampledFrom(spaces).Draw(t, "space"), Serial: uint64(serial + 1),
				Name: rapid.SampledFrom([]string{"light", "song"}).Draw(t, "name"), Retain: rapid.IntRange(0, 3).Draw(t, "retain") > 0,
			}
			if rapid.Bool().Draw(t, "payload") {
				m.Payload = make([]byte, rapid.IntRange(1, 100).Draw(t, "bytes"))
			}
			before, growth := s.Bytes(), s.Growth(m)
			s.Take(m)
			if s.Bytes() != before+growth {
				t.Fatalf("keeps %d bytes after %d, not %d more", s.Bytes(), before, growth)
			}
			for _, k := range keys {
				if m.Retain && InSpace(m.Space, k) {
					know[k][m.Name] = fmt.Sprint(m.Serial)
					if len(m.Payload) == 0 {
						delete(know[k], m.Name)
					}
				}
			}
		}
		var copied Stage
		sum := 0
		for _, m := range s.All() {
			copied.Take(m)
			sum += m.Bytes()
		}
		if sum != s.Bytes() {
			t.Fatalf("counts %d bytes of %d", s.Bytes(), sum)
		}
		for _, k := range keys {
			for name, st := range map[string]*Stage{"itself": &s, "a copy": &copied} {
				shown := map[string]string{}
				got := st.Shown(k)
				for _, m := range got {
					shown[m.Name] = fmt.Sprint(m.Serial)
				}
				if fmt.Sprint(shown) != fmt.Sprint(know[k]) || !slices.IsSortedFunc(got, func(a, b StageMessage) int { return int(a.Serial) - int(b.Serial) }) {
					t.Fatalf("%s shows %v in %q, where %v is known", name, shown, k, know[k])
				}
			}
		}
	})
}
