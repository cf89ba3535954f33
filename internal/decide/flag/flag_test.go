package flag

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

func draw(t *rapid.T) (f model.Flag, key string) {
	f = model.Flag{
		Name: rapid.StringMatching(`[a-z][a-z0-9_.-]{0,20}`).Draw(t, "name"), Value: "v",
		Share: model.PPM(rapid.Uint32Range(0, uint32(model.Whole)).Draw(t, "share")),
	}
	return f, rapid.String().Draw(t, "key")
}

// These answers are promised to every key in use.
func TestPointNeverChanges(t *testing.T) {
	for _, c := range []struct {
		name, key string
		want      model.PPM
	}{
		{"new-physics", "room-7", 724020},
		{"new-physics", "ann", 53823},
		{"new-physics", "", 597603},
		{"b", "ann", 682775},
		{"fest.2026", "日本", 319342},
	} {
		if got := point(c.name, c.key); got != c.want {
			t.Errorf("{%q, %q, %d},", c.name, c.key, got)
		}
	}
}

func TestALargerShareTakesTheFlagFromNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, key := draw(t)
		more := f
		more.Share += model.PPM(rapid.Uint32Range(0, uint32(model.Whole-f.Share)).Draw(t, "more"))
		if _, had := On(f, key); had {
			if value, has := On(more, key); !has || value != "v" {
				t.Fatalf("%q had it at %d and has not at %d", key, f.Share, more.Share)
			}
		}
	})
}

func TestNobodyAndEverybody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, key := draw(t)
		f.Share = 0
		if value, on := On(f, key); on || value != "" {
			t.Fatal("a share of nothing is on")
		}
		f.Share, f.Value = model.Whole, ""
		if value, on := On(f, key); !on || value != "true" {
			t.Fatalf("a share of all is %q, %v", value, on)
		}
	})
}

// A share is that part of many keys, and two flags of half of the keys share a quarter of them.
func TestSharesAreSharesOfKeys(t *testing.T) {
	const keys = 20_000
	for _, share := range []model.PPM{10_000, 250_000, 900_000} {
		n := 0
		for i := range keys {
			if _, on := On(model.Flag{Name: "a", Share: share}, fmt.Sprintf("room-%d", i)); on {
				n++
			}
		}
		want := float64(keys) * float64(share) / float64(model.Whole)
		if math.Abs(float64(n)-want) > 5*math.Sqrt(want) {
			t.Errorf("%d of %d keys have a flag of %d ppm", n, keys, share)
		}
	}
	both := 0
	for i := range keys {
		_, a := On(model.Flag{Name: "a", Share: 500_000}, fmt.Sprint(i))
		_, b := On(model.Flag{Name: "b", Share: 500_000}, fmt.Sprint(i))
		if a && b {
			both++
		}
	}
	if math.Abs(float64(both)-keys/4) > 5*math.Sqrt(keys/4) {
		t.Errorf("%d of %d keys have both", both, keys)
	}
}

func TestFind(t *testing.T) {
	flags := []model.Flag{{Name: "a", Value: "x", Share: model.Whole}, {Name: "b"}}
	for name, want := range map[string]string{"a": "x true", "b": " false", "c": " false"} {
		value, on := Find(flags, name, "key")
		if got := fmt.Sprint(value, " ", on); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
