package registry

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

func TestFoundDrain(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	in := func(start, handOver, deadline time.Duration) model.Drain {
		return model.Drain{StartedAt: now.Add(start), HandOverAt: now.Add(handOver), DeadlineAt: now.Add(deadline), Cause: model.DrainUpgrade}
	}
	for name, c := range map[string]struct{ told, want model.Drain }{
		"under way":              {in(-time.Minute, time.Minute, time.Hour), in(-time.Minute, time.Minute, time.Hour)},
		"hand-overs are due":     {in(-time.Hour, -time.Minute, time.Hour), in(-time.Hour, -time.Minute, time.Hour)},
		"over meanwhile":         {in(-time.Hour, -time.Minute, -time.Second), in(0, 0, FoundDrainTime)},
		"over in a moment":       {in(-time.Hour, -time.Minute, time.Second), in(0, 0, FoundDrainTime)},
		"short, over meanwhile":  {in(-time.Hour, -time.Hour, -time.Hour+5*time.Second), in(0, 0, 5*time.Second)},
		"begun by another clock": {in(24*time.Hour, 25*time.Hour, 26*time.Hour), in(0, time.Hour, 2*time.Hour)},
	} {
		if got := FoundDrain(&c.told, now); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	none := FoundDrain(nil, now)
	if none.Cause != model.DrainUnknown || !none.HandOverAt.Equal(now) || none.DeadlineAt.Sub(now) != model.DefaultDrainDeadline {
		t.Errorf("not told: %+v", none)
	}
}

// Safety: whatever a server says, its sessions have time to be moved, and no drain lasts longer than it was to.
func TestFoundDrainIsSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_700_000_000, 0)
		at := func(name string) time.Time {
			return now.Add(time.Duration(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, name)) * time.Millisecond)
		}
		told := model.Drain{StartedAt: at("start"), HandOverAt: at("hand-over"), DeadlineAt: at("deadline"), Cause: model.DrainNode}
		d := FoundDrain(&told, now)
		whole := told.DeadlineAt.Sub(told.StartedAt)
		switch {
		case d.Cause != told.Cause || d.StartedAt.After(now):
			t.Fatalf("%+v of %+v", d, told)
		case d.HandOverAt.After(d.DeadlineAt):
			t.Fatalf("hand-overs begin after the deadline: %+v", d)
		case d.DeadlineAt.Before(now.Add(min(whole, FoundDrainTime))):
			t.Fatalf("no time is left to move anything: %+v of %+v", d, told)
		case whole > 0 && d.DeadlineAt.Sub(now) > whole:
			t.Fatalf("%+v lasts longer than %+v", d, told)
		}
	})
}
