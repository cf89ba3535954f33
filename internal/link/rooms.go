package link

import (
	"sync"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

// rooms are the sessions of one server by what it last said, and what it was told since.
type rooms struct {
	mu sync.Mutex
	of map[model.RouteName]map[model.SessionKey]struct{}
}

func (r *rooms) add(list []*greenroomv1.SessionReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range list {
		r.put(s.GetSession())
	}
}

// put takes one in; mu is held.
func (r *rooms) put(s *greenroomv1.SessionRef) {
	ref, _ := convert.SessionRefModel(s)
	if r.of == nil {
		r.of = map[model.RouteName]map[model.SessionKey]struct{}{}
	}
	if r.of[ref.Route] == nil {
		r.of[ref.Route] = map[model.SessionKey]struct{}{}
	}
	r.of[ref.Route][ref.Key] = struct{}{}
}

func (r *rooms) opened(s *greenroomv1.SessionRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(s)
}

func (r *rooms) remove(ref model.SessionRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of[ref.Route], ref.Key)
	if len(r.of[ref.Route]) == 0 {
		delete(r.of, ref.Route)
	}
}

// count answers how many rooms of a route a space has here, and whether there are any of the route.
func (r *rooms) count(route model.RouteName, space string) (n int, ofRoute bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.of[route]
	if space == "" {
		return len(all), len(all) > 0
	}
	for key := range all {
		if model.InSpace(space, key) {
			n++
		}
	}
	return n, len(all) > 0
}
