package bot

import (
	"context"
	"sync"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// watchAgain is how long after the end of a watch stream it is opened again.
const watchAgain = time.Second

// observed is what the API's watch streams said last of some fleets and routes.
type observed struct {
	synced sync.WaitGroup // done when both streams have said everything once, or broke

	mu     sync.Mutex
	fleets map[string]*greenroomv1.FleetStatus // of those that matter; nil: not heard of
	routes map[string]*greenroomv1.RouteStatus
	breaks uint64 // times a stream ended too early
}

func newObserved(routes []model.RouteName, fleets []model.FleetName) *observed {
	o := &observed{fleets: map[string]*greenroomv1.FleetStatus{}, routes: map[string]*greenroomv1.RouteStatus{}}
	for _, name := range routes {
		o.routes[string(name)] = nil
	}
	for _, name := range fleets {
		o.fleets[string(name)] = nil
	}
	o.synced.Add(2)
	return o
}

// watch follows both streams until ctx ends.
func (o *observed) watch(ctx context.Context, cfg *CurveConfig) {
	var streams sync.WaitGroup
	streams.Go(func() {
		follow(ctx, o, func() (stream[*greenroomv1.WatchFleetsResponse], error) {
			return cfg.Fleets.WatchFleets(ctx, &greenroomv1.WatchFleetsRequest{})
		}, func(c *greenroomv1.WatchFleetsResponse) {
			keep(o.fleets, c.GetFleet().GetName(), c.GetFleet().GetStatus())
		})
	})
	streams.Go(func() {
		follow(ctx, o, func() (stream[*greenroomv1.WatchRoutesResponse], error) {
			return cfg.Routes.WatchRoutes(ctx, &greenroomv1.WatchRoutesRequest{})
		}, func(c *greenroomv1.WatchRoutesResponse) {
			keep(o.routes, c.GetRoute().GetName(), c.GetRoute().GetStatus())
		})
	})
	streams.Wait()
}

// keep keeps a status, if it is of something that matters.
func keep[S any](known map[string]*S, name string, status *S) {
	if _, matters := known[name]; matters {
		known[name] = status
	}
}

// stream is a watch of the API.
type stream[C any] interface{ Receive() (C, error) }

// follow takes each change of a stream, which is opened again when it breaks, until ctx ends.
func follow[C interface{ GetType() greenroomv1.ChangeType }](ctx context.Context, o *observed, open func() (stream[C], error), take func(C)) {
	synced := sync.OnceFunc(o.synced.Done)
	defer synced()
	for {
		s, err := open()
		for err == nil {
			var change C
			if change, err = s.Receive(); err != nil {
				break
			}
			if change.GetType() == greenroomv1.ChangeType_CHANGE_TYPE_SYNCED {
				synced()
				continue
			}
			o.mu.Lock()
			take(change)
			o.mu.Unlock()
		}
		if ctx.Err() != nil {
			return
		}
		synced()
		o.mu.Lock()
		o.breaks++
		o.mu.Unlock()
		if !wait(ctx, watchAgain) {
			return
		}
	}
}

// fill adds up what is known.
func (o *observed) fill(s *Sample) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.fleets {
		s.Wanted += int(f.GetServersWanted())
		s.Starting += int(f.GetServers()["starting"])
		s.Ready += int(f.GetServers()["ready"])
		s.Open += int(f.GetServers()["open"])
		for state, n := range f.GetServers() {
			switch state {
			case "cordoned", "draining", "empty":
				s.Leaving += int(n)
			}
		}
		s.FreeSlots += int(f.GetFreeSessionSlots())
	}
	for _, r := range o.routes {
		s.Sessions += int(r.GetSessions())
		s.Players += int(r.GetPlayers())
		s.Waiting += int(r.GetWaiting())
	}
}
