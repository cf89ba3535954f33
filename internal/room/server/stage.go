package server

import (
	"cmp"
	"slices"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// stages is what the stages of the routes show to late joiners, for the rooms that are opened later.
type stages map[model.RouteName]*stage

// stage is one route's.
type stage struct {
	model.Stage
	serial uint64                  // of the last message
	shared map[uint64]*room.Staged // by serial: at least what is shown
}

// slack is how many messages may be kept that are shown no more, besides as many as are.
const slack = 16

func newStage() *stage { return &stage{shared: map[uint64]*room.Staged{}} }

// take takes a message in and answers what rooms are told; a message that earlier held is not made again.
func (s *stage) take(m model.StageMessage, earlier *stage) *room.Staged {
	s.serial = max(s.serial, m.Serial)
	var staged *room.Staged
	if earlier != nil {
		staged = earlier.shared[m.Serial]
	}
	if staged == nil {
		staged = room.NewStaged(wire.Staged{Serial: m.Serial, Name: m.Name, Payload: m.Payload, Retain: m.Retain})
	}
	if !m.Retain {
		return staged
	}
	s.Take(m)
	s.shared[m.Serial] = staged
	if all := s.All(); len(s.shared) > 2*len(all)+slack {
		kept := make(map[uint64]*room.Staged, len(all))
		for _, m := range all {
			kept[m.Serial] = s.shared[m.Serial]
		}
		s.shared = kept
	}
	return staged
}

// show tells a new room what is shown in it.
func (all stages) show(r *room.Room) {
	if s := all[r.Session().Route]; s != nil {
		for _, m := range s.Shown(r.Session().Key) {
			_ = r.Stage(s.shared[m.Serial])
		}
	}
}

// stage hands messages to the rooms that they are for. With all they are everything that is shown from now on: rooms are
// told what they missed, and that what is not among them is forgotten.
func (r *rooms) stage(messages []*greenroomv1.StageMessage, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		r.restage(messages)
		return
	}
	for _, p := range messages {
		m := convert.StageMessageModel(p)
		s := r.stages.of(m.Route)
		if m.Serial <= s.serial {
			continue // the welcome had it
		}
		staged := s.take(m, nil)
		for ref, h := range r.byName {
			if ref.Route == m.Route && model.InSpace(m.Space, ref.Key) {
				_ = h.Stage(staged)
			}
		}
	}
}

func (all stages) of(route model.RouteName) *stage {
	s := all[route]
	if s == nil {
		s = newStage()
		all[route] = s
	}
	return s
}

// restage replaces what is shown; mu is held.
func (r *rooms) restage(messages []*greenroomv1.StageMessage) {
	before := r.stages
	r.stages = stages{}
	for _, p := range messages {
		m := convert.StageMessageModel(p)
		r.stages.of(m.Route).take(m, before[m.Route])
	}
	for ref, h := range r.byName {
		for _, s := range missed(before[ref.Route], r.stages[ref.Route], ref.Key) {
			_ = h.Stage(s)
		}
	}
}

// missed answers what makes of a room that shows what before does one that shows what after does, by serial. What is
// forgotten is said to be under its own serial.
func missed(before, after *stage, key model.SessionKey) []*room.Staged {
	had := map[string]uint64{}
	if before != nil {
		for _, m := range before.Shown(key) {
			had[m.Name] = m.Serial
		}
	}
	var news []*room.Staged
	if after != nil {
		for _, m := range after.Shown(key) {
			if had[m.Name] != m.Serial {
				news = append(news, after.shared[m.Serial])
			}
			delete(had, m.Name)
		}
	}
	for name, serial := range had {
		news = append(news, room.NewStaged(wire.Staged{Serial: serial, Name: name, Retain: true}))
	}
	slices.SortFunc(news, func(a, b *room.Staged) int { return cmp.Compare(a.Serial, b.Serial) })
	return news
}
