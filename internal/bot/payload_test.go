package bot

import (
	"encoding/json"
	"testing"
	"time"
)

func TestPositionIsWhatTheDemoSays(t *testing.T) {
	for _, size := range []int{0, 32, 71, 72, 73, 200} {
		raw := position(nil, 12.34, 999.96, 7, 1732224000123.456, size)
		var p struct {
			X, Y float64
			N    int
			T    float64
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			t.Fatalf("size %d: %s: %v", size, raw, err)
		}
		if p.X != 12.3 || p.Y != 1000 || p.N != 7 || p.T != 1732224000123.456 {
			t.Fatalf("size %d: %s says %+v", size, raw, p)
		}
		if size == 200 && len(raw) != 200 {
			t.Fatalf("%d bytes, want 200", len(raw))
		}
		if ms, ok := field(raw, `"t":`); !ok || ms != p.T {
			t.Fatalf("field t of %s is %v, %v", raw, ms, ok)
		}
	}
}

func TestClockGoesWithTheWall(t *testing.T) {
	now := time.Now()
	c := newClock(now)
	if got := c.ms(now.Add(1500 * time.Microsecond)); got != float64(now.UnixMicro())/1000+1.5 {
		t.Fatalf("%f", got)
	}
}

func FuzzField(f *testing.F) {
	f.Add(position(nil, 1, 2, 3, 4, 100))
	f.Add(remark(nil, 1, 2, 3))
	f.Add([]byte(`"t":`))
	f.Add([]byte(`{"t":-..9}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if v, ok := field(payload, `"t":`); !ok && v != 0 && v < 1e300 && v > -1e300 {
			t.Fatalf("%q gives %v without being a number", payload, v)
		}
	})
}
