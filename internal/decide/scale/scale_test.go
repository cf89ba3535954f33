package scale

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

var now = time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)

// fleet reads servers such as "warm coming serving:3" (3 free slots of 10; serving:10 is empty), the oldest first.
func fleet(t *testing.T, s string) (out []Server) {
	t.Helper()
	for i, word := range strings.Fields(s) {
		name, slots, _ := strings.Cut(word, ":")
		v := Server{ID: model.ServerID(fmt.Sprintf("s%d", i)), CreatedAt: now.Add(time.Duration(i) * time.Second), FreeSlots: 10, Slots: 10, Empty: true}
		stage, ok := map[string]Stage{"coming": Coming, "warm": Warm, "serving": Serving, "doubtful": Doubtful, "leaving": Leaving}[name]
		if !ok {
			t.Fatalf("no stage %q", name)
		}
		v.Stage = stage
		if slots != "" {
			if _, err := fmt.Sscan(slots, &v.FreeSlots); err != nil {
				t.Fatal(err)
			}
			v.Sessions = v.Slots - v.FreeSlots
			v.Active, v.Players, v.Empty = v.Sessions, v.Sessions, v.Sessions == 0
		}
		out = append(out, v)
	}
	return out
}

func (d Decision) String() string {
	var out []string
	if len(d.Opens) > 0 {
		out = append(out, fmt.Sprintf("open %v (%s)", d.Opens, d.OpenReason))
	}
	for _, s := range d.Starts {
		out = append(out, fmt.Sprintf("start %d (%s)", s.Count, s.Reason))
	}
	for _, h := range d.Holds {
		out = append(out, "held: "+h)
	}
	for id := range d.Memory.Surplus {
		out = append(out, "surplus "+string(id))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func TestDecide(t *testing.T) {
	spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 10}, Ready: 1, Open: 5, Max: 4}.WithDefaults()
	minimum := spec
	minimum.Ready, minimum.Open, minimum.Min = 0, 0, 3
	for _, c := range []struct {
		name, fleet string
		spec        model.FleetSpec
		rehome      int
		want        string
	}{
		{"nothing there", "", spec, 0, "start 1 (0 free session slots, buffer 5); start 1 (0 ready servers, buffer 1)"},
		{"all coming", "coming coming", spec, 0, ""},
		{"full buffers", "serving:5 warm", spec, 0, ""},
		{"a slot short", "serving:4 warm", spec, 0, "open [s1] (4 free session slots, buffer 5); start 1 (0 ready servers, buffer 1)"},
		{"short, and its relief is coming", "serving:4 coming coming", spec, 0, ""},
		{"oldest warm one first", "serving:0 warm warm", spec, 0, "open [s1] (0 free session slots, buffer 5)"},
		{
			"sessions to re-home", "serving:6 warm", spec, 8,
			"open [s1] (6 free session slots, buffer 5, 8 sessions to re-home); start 1 (0 ready servers, buffer 1)",
		},
		{
			"the maximum counts those that leave", "serving:0 leaving leaving leaving", spec, 0,
			"held: would start 1 more server (0 free session slots, buffer 5): the maximum of 4 servers is reached; " +
				"held: would start 1 more server (0 ready servers, buffer 1): the maximum of 4 servers is reached",
		},
		{"a doubtful one gives nothing", "doubtful warm", spec, 0, "open [s1] (0 free session slots, buffer 5); start 1 (0 ready servers, buffer 1)"},
		{"the minimum", "serving:10", minimum, 0, "start 2 (1 server, minimum 3)"},
		{"open ones too many", "serving:9 serving:10 serving:10 warm", spec, 0, "surplus s1; surplus s2"},
		{"needed although empty", "serving:4 serving:10 warm", spec, 0, ""},
		{"a warm one too many", "serving:5 warm warm", spec, 0, "surplus s2"},
		{"none is too many at the minimum", "serving:10 serving:10 warm", minimum, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Decide(Input{Spec: c.spec, Servers: fleet(t, c.fleet), Rehome: c.rehome, Now: now})
			if got.String() != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.fleet, got, c.want)
			}
		})
	}
}

// TestSurplusNeedsTime: a server goes only after the whole scale-in time without a break, and keeps its turn.
func TestSurplusNeedsTime(t *testing.T) {
	spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 10}, Open: 5}.WithDefaults()
	var memory Memory
	at := func(after time.Duration, servers string) []model.ServerID {
		d := Decide(Input{Spec: spec, Servers: fleet(t, servers), Memory: memory, Now: now.Add(after)})
		memory = d.Memory
		return d.Remove
	}
	const idle, busy = "serving:8 serving:10", "serving:4 serving:10"
	for _, step := range []struct {
		after   time.Duration
		servers string
		want    int
	}{
		{0, idle, 0},
		{59 * time.Second, idle, 0},
		{60 * time.Second, busy, 0}, // needed for a moment: its time begins anew
		{61 * time.Second, idle, 0},
		{120 * time.Second, idle, 0},
		{121 * time.Second, idle, 1},
	} {
		if got := at(step.after, step.servers); len(got) != step.want {
			t.Errorf("after %s: removes %v, want %d", step.after, got, step.want)
		}
	}
}

// TestSafetyRemoval: what is removed is empty, and without it no buffer is short and the minimum is kept.
func TestSafetyRemoval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := model.FleetSpec{
			Capacity: model.Capacity{Sessions: 10}, Max: 20,
			Ready: rapid.IntRange(0, 3).Draw(t, "ready"), Open: rapid.IntRange(0, 40).Draw(t, "open"), Min: rapid.IntRange(0, 6).Draw(t, "min"),
		}.WithDefaults()
		in := Input{Spec: spec, Now: now, Memory: Memory{Surplus: map[model.ServerID]time.Time{}}}
		for i := range rapid.IntRange(0, 12).Draw(t, "servers") {
			free := rapid.IntRange(0, 10).Draw(t, "free")
			s := Server{ID: model.ServerID(fmt.Sprintf("s%02d", i)), Stage: Stage(rapid.IntRange(0, 4).Draw(t, "stage")), FreeSlots: free, Empty: free == 10}
			in.Servers = append(in.Servers, s)
			in.Memory.Surplus[s.ID] = now.Add(-time.Hour)
		}
		d := Decide(in)
		if len(d.Remove) > 0 && (len(d.Starts) > 0 || len(d.Opens) > 0) {
			t.Fatalf("takes away and adds at once: %s, removes %v", d, d.Remove)
		}
		free, warm, living := 0, 0, 0
		for _, s := range in.Servers {
			if slices.Contains(d.Remove, s.ID) {
				if !s.Empty || s.Stage != Serving && s.Stage != Warm {
					t.Fatalf("removes %+v", s)
				}
				continue
			}
			switch s.Stage {
			case Serving:
				free += s.FreeSlots
			case Warm, Coming:
				warm++
			}
			if s.Stage != Leaving {
				living++
			}
		}
		if len(d.Remove) > 0 && (free < spec.Open || warm < spec.Ready || living < spec.Min) {
			t.Fatalf("leaves %d slots, %d warm, %d servers for %+v", free, warm, living, spec)
		}
	})
}
