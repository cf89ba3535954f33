package records

import (
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// raw carries records as they are.
func raw(apart bool) *Class {
	return &Class{Name: "raw", Seal: func(b []byte) []byte { return b }, Apart: apart}
}

// types lists what is in b.
func types(t *testing.T, b []byte) (all []wire.Type) {
	t.Helper()
	for len(b) > 0 {
		kind, _, rest, err := wire.Next(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, kind)
		b = rest
	}
	return all
}

func at(member uint64) wire.MemberPosition {
	return wire.MemberPosition{Member: member, Position: wire.Position{X: int16(member), Data: []byte("d")}}
}

// Where positions may be lost they stand beside the bytes, entry by entry; a snapshot's do not.
func TestPositionsApart(t *testing.T) {
	batch := &room.Batch{
		Events:    []room.Event{{Event: wire.Event{Offset: 1, Name: "e"}}},
		Positions: []room.MemberPosition{{MemberPosition: at(3)}, {MemberPosition: at(5)}},
	}
	joined, apart := raw(false).Batch(batch), raw(true).Batch(batch)
	if got := types(t, joined.Bytes); len(got) != 2 || len(joined.Latest) != 0 {
		t.Errorf("together: %v, %d apart", got, len(joined.Latest))
	}
	if got := types(t, apart.Bytes); len(got) != 1 || got[0] != wire.TypeEvent || apart.Messages != joined.Messages {
		t.Errorf("apart: %v, %d messages", got, apart.Messages)
	}
	checkLatest(t, apart.Latest, at(3), at(5))
	if got := types(t, raw(true).Snapshot(&room.View{Positions: batch.Positions}).Bytes); len(got) != 2 {
		t.Errorf("a snapshot: %v", got)
	}
}

func TestPositionsApartInASight(t *testing.T) {
	three, five, seven := at(3).Position, at(5).Position, at(7).Position
	entities := []room.Entity{
		{Member: 3, Player: "ann", Position: &three, Moved: true},
		{Member: 5, Player: "bob", Position: &five},
		{Member: 7, Position: &seven},
		{Member: 9, Left: true},
	}
	scene := raw(true).Scene(entities)
	got := scene.For(&room.Sight{Member: 1, Stayed: []int{0}, Came: []int{1}, Far: []int{2}, Gone: []int{3}})
	if kinds := types(t, got.Bytes); len(kinds) != 3 || kinds[0] != wire.TypeLeft || kinds[1] != wire.TypeJoined || kinds[2] != wire.TypePositions {
		t.Errorf("%v", kinds)
	}
	far := at(7)
	far.Far = true
	checkLatest(t, got.Latest, at(3), far)
	if moved := scene.For(&room.Sight{Member: 1, Stayed: []int{0}}); len(moved.Bytes) != 0 || len(moved.Latest) != 1 {
		t.Errorf("only one moved: %+v", moved)
	}
}

func checkLatest(t *testing.T, got []room.Latest, want ...wire.MemberPosition) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d positions apart, not %d", len(got), len(want))
	}
	for i, l := range got {
		if l.Member != want[i].Member || string(l.Bytes) != string(want[i].AppendEntry(nil)) {
			t.Errorf("position %d: member %d, %x", i, l.Member, l.Bytes)
		}
	}
}
