package ws

import (
	"fmt"
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"pgregory.net/rapid"
)

// Whoever's bytes were put together before, a member's are the records of its sight, in the order of docs/WIRE.md.
func TestSceneSpellsOutASight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entities := rapid.SliceOfN(rapid.Custom(drawEntity), 1, 6).Draw(rt, "entities")
		c := frames.Scene(entities)
		for range 3 {
			s := drawSight(rt, entities)
			got, want := c.For(s), spell(entities, s)
			if got == nil {
				if len(want) > 0 {
					rt.Fatalf("nothing for %+v, want %v", s, want)
				}
				continue
			}
			sameRecords(t, got.Bytes, want)
			if got.Messages == 0 || t.Failed() {
				rt.Fatalf("%d messages for %+v", got.Messages, s)
			}
		}
	})
}

func drawEntity(t *rapid.T) room.Entity {
	e := room.Entity{Member: rapid.Uint64Range(1, 500).Draw(t, "member"), Player: rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "player")}
	if rapid.Bool().Draw(t, "declared") {
		e.Position = &wire.Position{X: rapid.Int16().Draw(t, "x"), Data: []byte(rapid.SampledFrom([]string{"", "pose"}).Draw(t, "data"))}
		e.Moved = rapid.Bool().Draw(t, "moved")
	}
	state := func(what string) []room.State {
		var all []room.State
		for i := range rapid.IntRange(0, 2).Draw(t, what) {
			all = append(all, room.State{State: wire.State{Owner: e.Member, Key: fmt.Sprint(what, i), Flags: wire.Owned | wire.Retain}})
		}
		return all
	}
	e.Changed, e.Owned = state("changed"), state("owned")
	return e
}

// drawSight has each entity in one part of the sight at most.
func drawSight(t *rapid.T, entities []room.Entity) *room.Sight {
	s := &room.Sight{Member: 1}
	for i := range entities {
		switch rapid.IntRange(0, 4).Draw(t, "part") {
		case 0:
			s.Came = append(s.Came, i)
		case 1:
			s.Stayed = append(s.Stayed, i)
		case 2:
			s.Gone = append(s.Gone, i)
		case 3:
			if entities[i].Position != nil {
				s.Far = append(s.Far, i)
			}
		}
	}
	return s
}

func spell(entities []room.Entity, s *room.Sight) []wire.Record {
	var records, changed []wire.Record
	at := func(i int, far bool) wire.MemberPosition {
		return wire.MemberPosition{Member: entities[i].Member, Far: far, Position: *entities[i].Position}
	}
	for _, i := range s.Gone {
		records = append(records, wire.Left{Member: entities[i].Member})
	}
	for _, i := range s.Came {
		e := &entities[i]
		records = append(records, wire.Joined{Member: e.Member, Player: e.Player})
		if e.Position != nil {
			records = append(records, wire.Positions{Entries: []wire.MemberPosition{at(i, false)}})
		}
		for _, st := range e.Owned {
			records = append(records, st.State)
		}
	}
	var moved wire.Positions
	for _, i := range s.Stayed {
		if entities[i].Moved {
			moved.Entries = append(moved.Entries, at(i, false))
		}
		for _, st := range entities[i].Changed {
			changed = append(changed, st.State)
		}
	}
	for _, i := range s.Far {
		moved.Entries = append(moved.Entries, at(i, true))
	}
	if len(moved.Entries) > 0 {
		records = append(records, moved)
	}
	return append(records, changed...)
}
