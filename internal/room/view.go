package room

import (
	"cmp"
	"slices"
	"strings"

	"greenroom.dev/greenroom/internal/room/wire"
)

// snapshot is what l is shown of the room, in the bytes of enc: the same for all of a class, or one member's own view.
func (r *Room) snapshot(l *Link, enc Encoder) *Shared {
	if r.interest != nil {
		return enc.Snapshot(r.viewOf(l))
	}
	return r.snapshots.get(enc.Key(), func() *Shared {
		if r.view == nil {
			r.view = r.viewOfAll()
		}
		return enc.Snapshot(r.view)
	})
}

func (r *Room) viewOfAll() *View {
	v := &View{Now: r.now, Epoch: r.epoch, Offset: r.offset, Staged: r.stage.shown()}
	for _, m := range r.seats.all {
		v.add(m)
	}
	for _, e := range r.states.sorted() {
		v.States = append(v.States, e.State)
	}
	return v
}

// viewOf is the room as l sees it.
func (r *Room) viewOf(l *Link) *View {
	if r.view == nil {
		r.view = &View{States: r.common()}
	}
	v := &View{
		Now: r.now, Epoch: r.epoch, Offset: r.offset, Staged: r.stage.shown(),
		Occupancy: r.interest.show(r.seats.len()), States: slices.Clip(r.view.States),
	}
	seen := make([]*member, 0, len(l.sight.seen))
	for _, s := range l.sight.seen {
		seen = append(seen, r.interest.slots[s])
	}
	slices.SortFunc(seen, func(a, b *member) int { return cmp.Compare(a.id, b.id) })
	for _, m := range seen {
		v.add(m)
		for _, e := range r.states.owned[m.id] {
			v.States = append(v.States, e.State)
		}
	}
	slices.SortFunc(v.States, func(a, b State) int { return strings.Compare(a.Key, b.Key) })
	return v
}

// common lists what everybody is shown: the states nobody owns.
func (r *Room) common() []State {
	var all []State
	for _, e := range r.states.sorted() {
		if r.audience(&e.State.State) == nil {
			all = append(all, e.State)
		}
	}
	return all
}

func (v *View) add(m *member) {
	v.Members = append(v.Members, wire.Member{Member: m.id, Player: m.player})
	if m.at.declared {
		v.Positions = append(v.Positions, m.shownAt())
	}
}
