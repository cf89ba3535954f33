package mqtt

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"pgregory.net/rapid"
)

var noon = time.Unix(1_000_000, 0)

// speak is how the classes of these tests speak.
func speak(level byte) speech {
	return speech{level: level, prefix: "r/k/", step: 10_000, ordinary: 10_000, counters: new(Counters)}
}

func eventOf(name, payload string, qos byte, from uint64) room.Event {
	return room.Event{QoS: qos, Event: wire.Event{Name: name, Payload: []byte(payload), From: from}}
}

func stateOf(key, value string, flags wire.StateFlags) room.State {
	return room.State{QoS: 1, State: wire.State{Key: key, Value: []byte(value), Flags: flags}}
}

func batchOf(events ...room.Event) *room.Batch { return &room.Batch{Now: noon, Events: events} }

// told is a Shared in short: QoS, R if retained, topic, payload.
func told(t rapidT, level byte, s *room.Shared) []string {
	t.Helper()
	if s == nil {
		return nil
	}
	var all []string
	for _, p := range (&reading{t: t, level: level}).all(s.Bytes) {
		r := ""
		if p.retain {
			r = "R"
		}
		all = append(all, fmt.Sprintf("%d%s %s %s", p.qos, r, p.topic, p.payload))
	}
	return all
}

func wantTold(t *testing.T, what string, level byte, s *room.Shared, want ...string) {
	t.Helper()
	if got := told(t, level, s); !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
	if s == nil {
		return
	}
	if s.Messages != len(want) {
		t.Errorf("%s: counted as %d messages", what, s.Messages)
	}
	for _, h := range s.Holes {
		p := s.Bytes[h.Start:h.End]
		if p[0]&0x06 == 0 || !bytes.Equal(s.Bytes[h.ID:h.ID+2], []byte{0, 0}) || h.ID <= h.Start || h.ID >= h.End {
			t.Errorf("%s: a hole at %+v", what, h)
		}
	}
}

func TestClassKeys(t *testing.T) {
	filters := []filter{{topic: "r/k/s/#"}, {topic: "r/k/e/+"}}
	one := newClass(speak(level311), filters, 1)
	if two := newClass(speak(level311), []filter{filters[1], filters[0]}, 2); one.Key() != two.Key() {
		t.Error("the order of subscriptions makes another class")
	}
	large := speak(level311)
	large.largest = large.ordinary
	if newClass(large, filters, 1).Key() != one.Key() {
		t.Error("a limit that cannot matter makes another class")
	}
	small := speak(level311)
	small.largest = 100
	for what, other := range map[string]*class{
		"level":          newClass(speak(level5), filters, 1),
		"QoS":            newClass(speak(level311), []filter{{topic: "r/k/s/#", qos: 1}, {topic: "r/k/e/+"}}, 1),
		"no local":       newClass(speak(level311), []filter{{topic: "r/k/s/#", noLocal: true}, {topic: "r/k/e/+"}}, 1),
		"identifier":     newClass(speak(level311), []filter{{topic: "r/k/s/#", id: 1}, {topic: "r/k/e/+"}}, 1),
		"maximum packet": newClass(small, filters, 1),
		"shares":         newClass(speak(level311), filters, 1).sharing(&session{}, &shares{}, 1),
	} {
		if other.Key() == one.Key() {
			t.Errorf("another %s is the same class", what)
		}
	}
}

// Everything a tick can hold, and a room can show.
func TestClassTells(t *testing.T) {
	at := wire.MemberPosition{Member: 7, Position: wire.Position{X: 125, Yaw: 64}}
	staged := []*room.Staged{{Staged: wire.Staged{Name: "song", Payload: []byte("la"), Retain: true}}}
	b := &room.Batch{
		Now:       noon,
		Presence:  []room.Presence{{Member: 7, Player: "ann"}, {Member: 3, Player: "bob", Left: true}},
		States:    []room.State{stateOf("a", "1", wire.Retain), stateOf("b", "2", 0), stateOf("c", "", wire.Retain|wire.Delete)},
		Events:    []room.Event{eventOf("hi", "x", 2, 7)},
		Positions: []room.MemberPosition{{MemberPosition: at, Player: "ann"}},
		Staged:    staged, Occupancy: 5,
	}
	all := newClass(speak(level5), []filter{{topic: "#", qos: 2}}, 7)
	wantTold(t, "a tick", level5, all.Batch(b),
		`1 r/k/p/ann {"member":7}`, `1 r/k/p/bob `, `0 r/k/pos/bob `, `1 r/k/s/a 1`, `1 r/k/s/b 2`, `1 r/k/s/c `, `2 r/k/e/hi x`,
		`0 r/k/pos/ann {"x":1.25,"y":0,"z":0,"yaw":90}`, `1 stage/song la`, `0 r/k/sys/members 5`)
	asSent := newClass(speak(level311), []filter{{topic: "r/k/s/+", qos: 0, asSent: true}, {topic: "r/k/pos/#"}}, 7)
	wantTold(t, "as published", level311, asSent.Batch(b),
		`0 r/k/pos/bob `, `0R r/k/s/a 1`, `0 r/k/s/b 2`, `0R r/k/s/c `, `0 r/k/pos/ann {"x":1.25,"y":0,"z":0,"yaw":90}`)
	v := &room.View{
		Now: noon, Members: []wire.Member{{Member: 7, Player: "ann"}}, States: b.States[:1], Positions: b.Positions, Staged: staged, Occupancy: 5,
	}
	wantTold(t, "a snapshot", level5, all.Snapshot(v),
		`1R r/k/p/ann {"member":7}`, `1R r/k/s/a 1`, `0R r/k/pos/ann {"x":1.25,"y":0,"z":0,"yaw":90}`, `1R stage/song la`, `0R r/k/sys/members 5`)
	if s := newClass(speak(level5), []filter{{topic: "r/k/x/+"}}, 1).Batch(b); s != nil {
		t.Errorf("something for a class that has subscribed to nothing there is: %+v", s)
	}
}

func TestNoLocal(t *testing.T) {
	b := batchOf(eventOf("a", "mine", 0, 7), eventOf("b", "yours", 0, 8))
	c := newClass(speak(level5), []filter{{topic: "r/k/e/#", noLocal: true}}, 7)
	wantTold(t, "no local", level5, c.Batch(b), "0 r/k/e/b yours")
	c = newClass(speak(level5), []filter{{topic: "r/k/e/#", noLocal: true}, {topic: "r/k/e/a"}}, 7)
	wantTold(t, "and another filter", level5, c.Batch(b), "0 r/k/e/a mine", "0 r/k/e/b yours")
}

// A class with many filters says what they say, topic by topic, however often it is asked.
func TestManyFiltersProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var filters []filter
		for i := range rapid.IntRange(fewFilters+1, 20).Draw(t, "filters") {
			filters = append(filters, filter{
				topic: "r/k/e/" + rapid.SampledFrom([]string{"a", "b", "c", "+", "#"}).Draw(t, "filter"), id: i + 1,
				qos: rapid.ByteMax(2).Draw(t, "qos"), noLocal: rapid.Bool().Draw(t, "no local"),
			})
		}
		c := newClass(speak(level5), filters, 7)
		for range 20 {
			topic := []byte("r/k/e/" + rapid.SampledFrom([]string{"a", "b", "d"}).Draw(t, "topic"))
			from := rapid.Uint64Range(6, 8).Draw(t, "from")
			g, ok := c.match(topic, from, make([]int, 0, 4))
			w, wanted := c.search(topic, from, nil)
			if ok != wanted || g.qos != w.qos || g.asSent != w.asSent || !slices.Equal(g.ids, w.ids) {
				t.Fatalf("%s from %d: %+v %v, want %+v %v", topic, from, g, ok, w, wanted)
			}
		}
	})
}

// Properties, subscription identifiers and what is left of the expiry go with MQTT 5, and not with 3.1.1.
func TestClassProperties(t *testing.T) {
	e := eventOf("a", "x", 1, 7)
	e.Props, e.Expires = []byte("\x01\x01\x26\x00\x01k\x00\x01v"), noon.Add(1500*time.Millisecond)
	over := eventOf("a", "late", 1, 7)
	over.Expires = noon
	b := batchOf(e, over)
	filters := []filter{{topic: "r/k/e/+", id: 300, qos: 1}, {topic: "r/k/#", id: 2}, {topic: "r/k/e/a"}, {topic: "x", id: 9}}
	sp := speak(level5)
	got := (&reading{t: t, level: level5}).all(newClass(sp, filters, 1).Batch(b).Bytes)
	if len(got) != 1 || got[0].pass != string(e.Props) || got[0].expiry != 2 || !slices.Equal(slices.Sorted(slices.Values(got[0].ids)), []int{2, 300}) {
		t.Errorf("read as %+v", got)
	}
	if n := sp.counters.Expired.Load(); n != 1 {
		t.Errorf("%d expired", n)
	}
	wantTold(t, "to 3.1.1", level311, newClass(speak(level311), filters, 1).Batch(b), "1 r/k/e/a x")
}

func TestMaximumPacketSize(t *testing.T) {
	sp := speak(level5)
	sp.largest = 30
	c := newClass(sp, []filter{{topic: "#"}}, 1)
	b := batchOf(eventOf("a", string(make([]byte, 19)), 0, 1), eventOf("a", string(make([]byte, 18)), 0, 1))
	s := c.Batch(b)
	if s.Messages != 1 || len(s.Bytes) != 30 || sp.counters.TooLarge.Load() != 1 {
		t.Errorf("%d messages of %d bytes, %d too large", s.Messages, len(s.Bytes), sp.counters.TooLarge.Load())
	}
}

// The stage's messages may be longer than what a room's members may send.
func TestMaximumPacketSizeOfTheStage(t *testing.T) {
	sp := speak(level5)
	sp.ordinary, sp.largest = ordinary(1000), 5000
	b := batchOf()
	for _, size := range []int{4900, stageBytes} {
		b.Staged = append(b.Staged, room.NewStaged(wire.Staged{Name: "lights", Payload: make([]byte, size)}))
	}
	if s := newClass(sp, []filter{{topic: "stage/#"}}, 1).Batch(b); s.Messages != 1 || len(s.Bytes) > 5000 {
		t.Errorf("%d messages of %d bytes for a client that takes 5,000", s.Messages, len(s.Bytes))
	}
}

// The batch topic holds the tick's records, in as many messages as the client's packet size asks for, and no wildcard
// reaches it.
func TestBatchTopic(t *testing.T) {
	b := batchOf()
	var want []string
	for i := range 40 {
		e := eventOf("e", fmt.Sprint(i), 0, 1)
		e.Offset = uint64(i + 1)
		b.Events = append(b.Events, e)
		b.Positions = append(b.Positions, room.MemberPosition{MemberPosition: wire.MemberPosition{Member: uint64(i + 1)}})
		want = append(want, fmt.Sprintf("%+v", wire.Event{Offset: uint64(i + 1), From: 1, Name: "e", Payload: []byte(fmt.Sprint(i))}))
	}
	for i := range b.Positions {
		want = append(want, fmt.Sprintf("%+v", b.Positions[i].MemberPosition))
	}
	for largest, messages := range map[int]int{0: 1, 1 << 20: 1, 200: 5} {
		sp := speak(level5)
		sp.largest = largest
		c := newClass(sp, []filter{{topic: "r/k/batch", qos: 1, id: 5}}, 1)
		s := c.Batch(b)
		var got []string
		for _, p := range (&reading{t: t, level: level5}).all(s.Bytes) {
			if p.topic != "r/k/batch" || p.qos != 0 || len(p.ids) != 1 || largest > 0 && len(p.payload)+17 > largest {
				t.Fatalf("%+v", p)
			}
			got = append(got, recordsOf(t, p.payload)...)
		}
		if !slices.Equal(got, want) || s.Messages != messages {
			t.Errorf("at most %d bytes: %d messages\n got %v\nwant %v", largest, s.Messages, got, want)
		}
	}
	if s := newClass(speak(level5), []filter{{topic: "r/k/+"}, {topic: "#", qos: 1}}, 1).Batch(b); s.Messages != 80 {
		t.Errorf("wildcards get %d messages", s.Messages)
	}
	v := &room.View{Epoch: 7, Offset: 9, Members: []wire.Member{{Member: 1, Player: "ann"}}, Positions: b.Positions[:2]}
	for i := range 5 {
		v.States = append(v.States, stateOf(fmt.Sprint("k", i), string(make([]byte, 16_000)), wire.Retain))
	}
	s := newClass(speak(level5), []filter{{topic: "r/k/batch"}}, 1).Snapshot(v)
	p := (&reading{t: t, level: level5}).all(s.Bytes)
	if len(p) != 1 || !p[0].retain {
		t.Fatalf("%d messages", len(p))
	}
	entries, parts := 0, 0
	for rest := []byte(p[0].payload); len(rest) > 0; {
		r, after, err := wire.Decode(rest)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := r.(wire.Snapshot); ok {
			if parts++; s.First != (parts == 1) || s.Last != (parts == 3) || s.Offset != 9 {
				t.Errorf("part %d: %v %v", parts, s.First, s.Last)
			}
			entries += len(s.Entries)
		} else if at := r.(wire.Positions); len(at.Entries) != 2 || parts != 3 {
			t.Errorf("after %d parts: %+v", parts, at)
		}
		rest = after
	}
	if entries != 5 {
		t.Errorf("%d entries", entries)
	}
}

// recordsOf spells records out, positions one by one.
func recordsOf(t *testing.T, payload string) []string {
	t.Helper()
	var all []string
	for rest := []byte(payload); len(rest) > 0; {
		r, after, err := wire.Decode(rest)
		if err != nil {
			t.Fatal(err)
		}
		if at, ok := r.(wire.Positions); ok {
			for _, e := range at.Entries {
				all = append(all, fmt.Sprintf("%+v", e))
			}
		} else {
			all = append(all, fmt.Sprintf("%+v", r))
		}
		rest = after
	}
	return all
}

// A sight put together from pieces is what it would be encoded at once, and no entity is encoded twice in a way.
func TestSceneProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		level := rapid.SampledFrom([]byte{level311, level5}).Draw(t, "level")
		filters := rapid.SliceOfNDistinct(rapid.SampledFrom([]filter{
			{topic: "#", qos: 2}, {topic: "r/k/p/+", qos: 1}, {topic: "r/k/s/#", qos: 1, asSent: true}, {topic: "r/k/pos/+"}, {topic: "x"},
		}), 1, 3, func(f filter) string { return f.topic }).Draw(t, "filters")
		c := newClass(speak(level), filters, 1)
		n := rapid.IntRange(1, 6).Draw(t, "entities")
		var entities []room.Entity
		for i := range n {
			e := room.Entity{Member: uint64(i + 1), Player: fmt.Sprint("p", i), Moved: rapid.Bool().Draw(t, "moved")}
			if e.Moved || rapid.Bool().Draw(t, "declared") {
				e.Position = &wire.Position{X: int16(i)}
			}
			for k := range rapid.IntRange(0, 2).Draw(t, "owned") {
				e.Owned = append(e.Owned, stateOf(fmt.Sprint("o", i, k), "v", wire.Retain|wire.Owned))
			}
			for k := range rapid.IntRange(0, 2).Draw(t, "changed") {
				e.Changed = append(e.Changed, stateOf(fmt.Sprint("c", i, k), "v", wire.Retain|wire.Owned))
			}
			entities = append(entities, e)
		}
		s := c.Scene(entities).(*scene)
		for range rapid.IntRange(1, 4).Draw(t, "sights") {
			var sight room.Sight
			for i := range n {
				switch rapid.IntRange(0, 4).Draw(t, "way") {
				case 0:
					sight.Gone = append(sight.Gone, i)
				case 1:
					sight.Came = append(sight.Came, i)
				case 2:
					sight.Stayed = append(sight.Stayed, i)
				case 3:
					if entities[i].Position != nil {
						sight.Far = append(sight.Far, i)
					}
				}
			}
			e := encoding{class: c}
			s.each(&sight, func(i, way int) { s.tell(&entities[i], way, e.add) })
			got, want := s.For(&sight), e.shared()
			switch {
			case (got == nil) != (want == nil):
				t.Fatalf("got %+v, want %+v", got, want)
			case got == nil:
			case !bytes.Equal(got.Bytes, want.Bytes) || !slices.Equal(got.Holes, want.Holes) || got.Messages != want.Messages:
				t.Fatalf("got %+v\nwant %+v", got, want)
			}
		}
	})
}

// What a sight says, in its order.
func TestScene(t *testing.T) {
	entities := []room.Entity{
		{Member: 1, Player: "ann", Position: &wire.Position{X: 100}, Moved: true, Changed: []room.State{stateOf("hat", "red", wire.Retain|wire.Owned)}},
		{Member: 2, Player: "bob", Position: &wire.Position{X: 200}, Owned: []room.State{stateOf("bag", "full", wire.Retain|wire.Owned)}},
		{Member: 3, Player: "cid", Left: true},
		{Member: 4, Player: "dan", Position: &wire.Position{X: 900}},
	}
	c := newClass(speak(level5), []filter{{topic: "#", qos: 1}, {topic: "r/k/batch"}}, 1)
	s := c.Scene(entities)
	sight := &room.Sight{Member: 9, Came: []int{1}, Stayed: []int{0}, Far: []int{3}, Gone: []int{2}}
	got := told(t, level5, s.For(sight))
	want := []string{
		`1 r/k/p/cid `, `0 r/k/pos/cid `,
		`1 r/k/p/bob {"member":2}`, `0 r/k/pos/bob {"x":2,"y":0,"z":0,"yaw":0}`, `1 r/k/s/bag full`,
		`0 r/k/pos/ann {"x":1,"y":0,"z":0,"yaw":0}`, `1 r/k/s/hat red`,
		`0 r/k/pos/dan {"x":9,"y":0,"z":0,"yaw":0,"far":true}`,
	}
	if !slices.Equal(got[:len(got)-1], want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	records := recordsOf(t, (&reading{t: t, level: level5}).all(s.For(sight).Bytes)[8].payload)
	if fmt.Sprint(records) != fmt.Sprint([]string{
		fmt.Sprintf("%+v", wire.Left{Member: 3}), fmt.Sprintf("%+v", wire.Joined{Member: 2, Player: "bob"}),
		fmt.Sprintf("%+v", entities[1].Owned[0].State), fmt.Sprintf("%+v", entities[0].Changed[0].State),
		fmt.Sprintf("%+v", wire.MemberPosition{Member: 2, Position: *entities[1].Position}),
		fmt.Sprintf("%+v", wire.MemberPosition{Member: 1, Position: *entities[0].Position}),
		fmt.Sprintf("%+v", wire.MemberPosition{Member: 4, Far: true, Position: *entities[3].Position}),
	}) {
		t.Errorf("records %q", records)
	}
	if s.For(&room.Sight{}) != nil {
		t.Error("nothing is something")
	}
}
