package memory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// owing is what a server is to hear of one of its sessions, or of one that was its.
type owing struct {
	since time.Time // of its next report on, while it is linked; zero: there was none yet
	ended bool      // that it ended, or lives elsewhere: players may be in it still
	told  bool      // its stream took that, and delivers it unless it breaks
}

// ending is a session that was ended on a server which may not know it yet: players may be in it, and come into it.
type ending struct {
	on    *server
	until time.Time // it had time to hear
}

// ends notes that a session is ended on the server that has it.
func (m *Memory) ends(x *session, now time.Time) {
	if s := x.server; s != nil && !s.Linkless {
		s.endOn(x.ref, x.generation)
		m.ending[x.ref] = ending{on: s, until: now.Add(registry.HearsWithin)}
	}
}

// over tells whether a session that is not there may begin anew.
func (m *Memory) over(ref model.SessionRef, now time.Time) bool {
	e, ending := m.ending[ref]
	return !ending || !e.on.owed[ref].untold() || !now.Before(e.until)
}

// overAll forgets what may begin anew.
func (m *Memory) overAll(now time.Time) {
	maps.DeleteFunc(m.ending, func(ref model.SessionRef, _ ending) bool { return m.over(ref, now) })
}

// untold tells whether the server was not told yet, as far as anybody knows, that a session is not its own any more.
func (o owing) untold() bool { return o.ended && !o.told }

// owe notes that a server is to hear of the end of one of its sessions. Words are lost: whoever was to tell it may have died
// before. See registry.HearsWithin.
func (s *server) owe(ref model.SessionRef) {
	s.setOwed(ref, owing{since: s.owed[ref].since, ended: true})
	s.depart()
}

// tell notes that the server's stream took what was to be heard of a session that left.
func (s *server) tell(ref model.SessionRef) {
	s.setOwed(ref, owing{ended: true, told: true})
	s.depart()
}

// oweSeat notes that a linked server is to hear of a claimed seat that is free now. Without a link its next Hello has the seat.
func (s *server) oweSeat(ref model.SessionRef) {
	if _, already := s.owed[ref]; s.Linked && !s.Linkless && !already {
		s.setOwed(ref, owing{})
	}
}

func (s *server) setOwed(ref model.SessionRef, o owing) {
	if s.owed == nil {
		s.owed = map[model.SessionRef]owing{}
	}
	s.owed[ref] = o
}

// hears notes that the server has heard what was to be heard of a session.
func (s *server) hears(ref model.SessionRef) {
	if _, owed := s.owed[ref]; owed {
		delete(s.owed, ref)
		s.depart()
	}
}

// unheard remembers those of over, the sessions that had ended when the server greeted, that it does not name and may not have heard
// of, and answers them by generation: nobody had come to such a session, but there are tickets for it.
func (s *server) unheard(over map[model.SessionRef]model.Generation) (out []registry.EndedSession) {
	for ref, gen := range over {
		if s.owed[ref].ended && s.over[ref] == 0 {
			out = append(out, registry.EndedSession{Session: ref, Generation: gen})
		}
	}
	for _, e := range out {
		s.endOn(e.Session, e.Generation)
	}
	slices.SortFunc(out, func(a, b registry.EndedSession) int { return cmp.Compare(a.Generation, b.Generation) })
	return out
}

// tellAll notes that the server's stream took the answer to its Hello, which says everything. It may be lost like anything else.
func (s *server) tellAll() {
	s.owed = nil
	for ref := range s.over {
		s.setOwed(ref, owing{ended: true, told: true})
	}
	s.depart()
}

// hearsAll notes that the server has heard everything.
func (s *server) hearsAll() {
	s.owed = nil
	s.depart()
}

// depart counts the sessions that are not on the server any more and whose players may be. Where the stream broke soon after it took
// the word, they may be too.
func (s *server) depart() {
	s.Departing = len(s.leaving)
	for _, o := range s.owed {
		if o.ended && !(o.told && s.Linked) {
			s.Departing++
		}
	}
	s.rank()
}

// deaf tells whether the server, which reports, has not heard of something in time as far as anybody knows.
func (s *server) deaf(now time.Time) bool {
	if len(s.owed) == 0 {
		return false
	}
	for ref, o := range s.owed {
		switch {
		case o.since.IsZero():
			o.since = now
			s.owed[ref] = o
		case now.Sub(o.since) < registry.HearsWithin:
		case o.told:
			delete(s.owed, ref)
		default:
			return true
		}
	}
	return false
}
