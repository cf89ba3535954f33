package memory

import (
	"slices"
	"strings"

	"greenroom.dev/greenroom/internal/decide/place"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// fleet is where a fleet's servers and sessions are found by how full they are.
type fleet struct {
	name     model.FleetName
	servers  []*server                              // by ID
	open     ladders[*server]                       // those that take a new session, by place.Room.Rank
	sessions map[model.RouteName]*ladders[*session] // those that take players without a key, by place.SessionRank
	sizes    map[int]int                            // how many servers have sessions of so many seats
	count    registry.FleetCount                    // of the servers, but for what changed of the uncounted
	changed  []*server                              // uncounted ones
	tally    registry.Counters
}

func (m *Memory) fleet(name model.FleetName) *fleet {
	f := m.fleets[name]
	if f == nil {
		f = &fleet{
			name: name, sessions: map[model.RouteName]*ladders[*session]{}, sizes: map[int]int{},
		}
		m.fleets[name] = f
	}
	return f
}

// ladder is where a route's sessions stand that are on servers which are avoided, or which are not.
func (f *fleet) ladder(route model.RouteName, avoided bool) *ladder[*session] {
	l := f.sessions[route]
	if l == nil {
		l = &ladders[*session]{}
		f.sessions[route] = l
	}
	return l.of(avoided)
}

func (f *fleet) add(s *server) {
	f.servers = insert(f.servers, s)
	f.countSize(s.SeatsPerSession, 1)
}

func (f *fleet) countSize(size, by int) {
	if f.sizes[size] += by; f.sizes[size] == 0 {
		delete(f.sizes, size)
	}
}

func (f *fleet) remove(s *server) {
	f.servers = remove(f.servers, s)
	f.uncount(s)
	f.countSize(s.SeatsPerSession, -1)
}

// insert puts a server into a list by ID.
func insert(list []*server, s *server) []*server {
	at, _ := find(list, s.ID)
	return slices.Insert(list, at, s)
}

// remove takes it off, if it is there.
func remove(list []*server, s *server) []*server {
	if at, ok := find(list, s.ID); ok {
		return slices.Delete(list, at, at+1)
	}
	return list
}

func find(list []*server, id model.ServerID) (at int, ok bool) {
	return slices.BinarySearchFunc(list, id, func(s *server, id model.ServerID) int {
		return strings.Compare(string(s.ID), string(id))
	})
}

// best is the best server for a new session of n players, that is also good; nil if there is none.
func (f *fleet) best(n int, good func(*server) bool) *server {
	s, _ := f.open.find(min(n, model.MaxParty)-1, func(s *server) bool { return s.room().Fits(n) && (good == nil || good(s)) })
	return s
}

// smaller tells whether there are servers whose sessions have fewer seats.
func (f *fleet) smaller(seats int) bool {
	for size := range f.sizes {
		if size < seats {
			return true
		}
	}
	return false
}

// holding is the best server for a session that n players are in already and that may be larger than new ones, that is also good;
// nil if there is none.
func (f *fleet) holding(n int, good func(*server) bool) *server {
	s, _ := f.open.find(0, func(s *server) bool { return s.room().Holds(n) && good(s) })
	return s
}

// server is what is known of one server.
type server struct {
	fleet    *fleet // what every report and join needs lies together
	stream   uint64
	serial   uint64 // of the stream's newest report
	sessions []*session
	owed     map[model.SessionRef]owing // what it is to hear of
	place    spot
	hailed   bool // the stream's hello was taken
	fixed    bool // its endpoints are not its own to name
	narrow   bool
	changed  bool // since it was counted
	largest  int  // the most seats a session of it ever had
	model.Server
	told    *model.Load                           // that watchers were told last
	counted registry.FleetCount                   // its part of its fleet's count
	said    *model.Connections                    // since its process began, as it last said; nil: it did not
	over    map[model.SessionRef]model.Generation // ended from here, and not known to be heard; see endOn
	leaving map[*session]model.Generation         // moved off here, with the generation that they had; see leave
}

func (s *server) spot() *spot { return &s.place }

// maxOver bounds what is remembered of ended sessions for each server.
const maxOver = 4096

// endOn remembers that a session was ended from here: the server may not have heard of it when its stream broke, and
// must not bring the session back with its next Hello.
func (s *server) endOn(ref model.SessionRef, gen model.Generation) {
	if s.Linkless {
		return
	}
	if s.over == nil || len(s.over) >= maxOver {
		s.over = map[model.SessionRef]model.Generation{}
	}
	s.over[ref] = gen
	s.owe(ref)
}

// takes tells whether the server takes new sessions and players without a key.
func (s *server) takes() bool { return s.State == model.ServerOpen && (s.Linked || s.Linkless) }

func (s *server) freeSeats() int { return s.SeatCapacity - s.SeatsReserved - s.SeatsClaimed }

func (s *server) room() place.Room {
	return place.Room{
		Slots: s.FreeSlots(), Sessions: s.Sessions, Seats: s.freeSeats(), Players: s.SeatsReserved + s.SeatsClaimed,
		SeatsPerSession: s.SeatsPerSession,
	}
}

// rank puts the server where it now belongs on its fleet's ladder, and has it counted as it now is.
func (s *server) rank() {
	rank, ok := s.room().Rank()
	if !ok || !s.takes() {
		rank = 0
	}
	s.fleet.open.of(s.Avoided).put(s, rank)
	s.fleet.recount(s)
}

// rankAll puts the server and all its sessions where they now belong.
func (s *server) rankAll() {
	s.rank()
	for _, x := range s.sessions {
		x.rank()
	}
}

// seated puts the server and the session whose seats changed (nil: it is gone) where they now belong. On a server that
// has fewer seats than its sessions together, a seat given in one session may be one less to give in all others.
func (s *server) seated(x *session) {
	narrow := s.SeatCapacity < max(s.SessionCapacity, len(s.sessions))*s.largest && s.freeSeats() < s.largest
	if narrow || s.narrow {
		s.narrow = narrow
		s.rankAll()
		return
	}
	s.rank()
	if x != nil {
		x.rank()
	}
}
