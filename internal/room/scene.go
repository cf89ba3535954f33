package room

// scene is a tick of a room with an area of interest, while it is told: the entities and the encoders' work on them.
type scene struct {
	entities []Entity
	index    []int32 // by slot: into entities, -1: not among them
	touched  []bool  // by slot: moved or changed what it owns
	slots    []int32 // of entities
	owned    []State // what Entity.Owned points into
	sight    Sight
	encoded  memo[Scene]
}

func newScene() scene { return scene{encoded: newMemo[Scene]()} }

// gather collects the tick's entities: who moved, changed, left, and whom somebody sees anew, as far, or no more.
func (r *Room) gather() {
	it, sc := r.interest, &r.interest.scene
	for len(sc.index) < len(it.slots) {
		sc.index, sc.touched = append(sc.index, -1), append(sc.touched, false)
	}
	it.settleChanges()
	for _, m := range r.moved {
		if !m.gone {
			it.entity(m.slot).Moved = true
			sc.touched[m.slot] = true
		}
	}
	for _, m := range it.changed {
		if len(m.changed) > 0 {
			it.entity(m.slot).Changed = m.changed
			sc.touched[m.slot] = true
		}
	}
	for _, m := range r.seats.all {
		if m.link == nil {
			continue
		}
		v := &m.link.sight
		for _, s := range v.seen[len(v.seen)-v.fresh:] {
			if e := it.entity(s); e.Owned == nil {
				e.Owned = r.ownedBy(it.slots[s])
			}
		}
		for _, s := range v.gone {
			it.entity(s)
		}
		for _, s := range v.far {
			it.entity(s)
		}
	}
}

// entity is the slot's, made at the first call.
func (it *interest) entity(slot int32) *Entity {
	sc := &it.scene
	if sc.index[slot] < 0 {
		m := it.slots[slot]
		sc.index[slot] = int32(len(sc.entities))
		sc.slots = append(sc.slots, slot)
		sc.entities = append(sc.entities, Entity{Member: m.id, Player: m.player, Left: m.gone, Position: m.at.position()})
	}
	return &sc.entities[sc.index[slot]]
}

// ownedBy lists a member's kept states by key.
func (r *Room) ownedBy(m *member) []State {
	sc := &r.interest.scene
	from := len(sc.owned)
	for _, e := range r.states.owned[m.id] {
		sc.owned = append(sc.owned, e.State)
	}
	return sc.owned[from:len(sc.owned):len(sc.owned)]
}

// seen is what the tick holds for l, in its door's bytes; nil: nothing. What l is told of it is told then.
func (r *Room) seen(l *Link) *Shared {
	if r.interest == nil {
		return nil
	}
	v, sc := &l.sight, &r.interest.scene
	s := &sc.sight
	s.Member = l.member.id
	s.Came, s.Stayed, s.Far, s.Gone = s.Came[:0], s.Stayed[:0], s.Far[:0], s.Gone[:0]
	old := v.seen[:len(v.seen)-v.fresh]
	for _, slot := range old {
		if sc.touched[slot] {
			s.Stayed = append(s.Stayed, int(sc.index[slot]))
		}
	}
	s.Came = sc.indexes(s.Came, v.seen[len(old):])
	s.Far = sc.indexes(s.Far, v.far)
	s.Gone = sc.indexes(s.Gone, v.gone)
	v.fresh, v.far, v.gone = 0, v.far[:0], v.gone[:0]
	if len(s.Came)+len(s.Stayed)+len(s.Far)+len(s.Gone) == 0 {
		return nil
	}
	enc := l.join.Conn.Encoder()
	encoded := sc.encoded.get(enc.Key(), func() Scene {
		r.cfg.Counters.Encodings.Add(1)
		return enc.Scene(sc.entities)
	})
	if encoded == nil {
		return nil
	}
	return encoded.For(s)
}

func (sc *scene) indexes(dst []int, slots []int32) []int {
	for _, s := range slots {
		dst = append(dst, int(sc.index[s]))
	}
	return dst
}

func (sc *scene) reset() {
	for _, s := range sc.slots {
		sc.index[s], sc.touched[s] = -1, false
	}
	clear(sc.entities)
	clear(sc.owned)
	sc.encoded.reset()
	sc.entities, sc.slots, sc.owned = sc.entities[:0], sc.slots[:0], sc.owned[:0]
}
