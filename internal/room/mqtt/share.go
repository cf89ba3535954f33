package mqtt

import (
	"slices"

	"greenroom.dev/greenroom/internal/room"
)

// shares are a room's shared subscriptions. They belong to the room's goroutine.
type shares struct {
	groups []*group
	dealt  map[*session][]dealt // of this tick; nil: not dealt yet
}

// group are the sessions that share a filter, $share/{name}/{filter}, and so each message it matches.
type group struct {
	name   string // as clients give it
	topic  string
	shared []share
	turn   int // index of who is asked first next time
}

type share struct {
	session *session
	filter  filter
}

// dealt is a message and how it is sent to the one who got it.
type dealt struct {
	item  item
	grant grant
}

// besideKey is where a room keeps its shares.
type besideKey struct{}

func sharesOf(r *room.Room) *shares {
	all, _ := r.Beside().LoadOrStore(besideKey{}, &shares{})
	return all.(*shares)
}

// join makes the session one of those who share f, or changes what it said about it.
func (all *shares) join(s *session, f filter) {
	i := slices.IndexFunc(all.groups, func(g *group) bool { return g.name == f.name })
	if i < 0 {
		all.groups = append(all.groups, &group{name: f.name, topic: f.topic})
		i = len(all.groups) - 1
	}
	g := all.groups[i]
	if j := slices.IndexFunc(g.shared, func(o share) bool { return o.session == s }); j >= 0 {
		g.shared[j].filter = f
		return
	}
	g.shared = append(g.shared, share{s, f})
}

// leave takes the session out of the group of that name.
func (all *shares) leave(s *session, name string) {
	for _, g := range all.groups {
		if g.name == name {
			g.shared = slices.DeleteFunc(g.shared, func(o share) bool { return o.session == s })
		}
	}
	all.groups = slices.DeleteFunc(all.groups, func(g *group) bool { return len(g.shared) == 0 })
}

// deal gives each message of a tick to one of each group whose filter matches it. It does so once a tick.
func (all *shares) deal(prefix string, t *room.Batch) map[*session][]dealt {
	if all.dealt != nil {
		return all.dealt
	}
	all.dealt = map[*session][]dealt{}
	var topic []byte
	each(t, func(it *item) {
		topic = it.topic(topic[:0], prefix)
		for _, g := range all.groups {
			if !matches(g.topic, topic) {
				continue
			}
			s := g.next(it.qos)
			if s == nil {
				continue
			}
			d := dealt{item: *it, grant: grant{qos: s.filter.qos, asSent: s.filter.asSent}}
			if s.filter.id != 0 {
				d.grant.ids = []int{s.filter.id}
			}
			all.dealt[s.session] = append(all.dealt[s.session], d)
		}
	})
	return all.dealt
}

// next is whose turn it is: of those who are connected and keep up, else, for a message of QoS 1 or 2, of the parked ones.
func (g *group) next(qos byte) *share {
	var parked *share
	for range g.shared {
		s := &g.shared[g.turn%len(g.shared)]
		g.turn = (g.turn + 1) % len(g.shared)
		switch {
		case s.session.lagging:
		case s.session.online():
			return s
		case parked == nil && min(qos, s.filter.qos) > 0:
			parked = s
		}
	}
	if parked == nil && len(g.shared) > 0 {
		g.shared[0].session.counters.ShareDropped.Add(1)
	}
	return parked
}

// endTick forgets what was dealt; the next tick is dealt anew.
func (all *shares) endTick() { all.dealt = nil }
