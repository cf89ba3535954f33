package bot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// scripted is a stream that says some things and breaks.
type scripted struct {
	changes []*greenroomv1.WatchRoutesResponse
}

func (s *scripted) Receive() (*greenroomv1.WatchRoutesResponse, error) {
	if len(s.changes) == 0 {
		return nil, errors.New("gone")
	}
	change := s.changes[0]
	s.changes = s.changes[1:]
	return change, nil
}

// TestAWatchThatBreaksIsOpenedAgain: what was known stays known meanwhile, and every break is counted.
func TestAWatchThatBreaksIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o := newObserved([]model.RouteName{"plaza"}, nil)
		o.synced.Done() // the fleets'
		tries, waiting := 0, []int{}
		open := func() (stream[*greenroomv1.WatchRoutesResponse], error) {
			tries++
			var s Sample
			o.fill(&s)
			waiting = append(waiting, s.Waiting)
			switch tries {
			case 1:
				return nil, errors.New("not yet")
			case 4:
				cancel()
			}
			plaza := func(n uint32) *greenroomv1.WatchRoutesResponse {
				return &greenroomv1.WatchRoutesResponse{Route: &greenroomv1.Route{Name: "plaza", Status: &greenroomv1.RouteStatus{Waiting: n}}}
			}
			other := &greenroomv1.WatchRoutesResponse{Route: &greenroomv1.Route{Name: "hall", Status: &greenroomv1.RouteStatus{Waiting: 100}}}
			synced := &greenroomv1.WatchRoutesResponse{Type: greenroomv1.ChangeType_CHANGE_TYPE_SYNCED}
			return &scripted{[]*greenroomv1.WatchRoutesResponse{plaza(uint32(tries)), other, synced, plaza(uint32(10 * tries))}}, nil
		}
		follow(ctx, o, open, func(c *greenroomv1.WatchRoutesResponse) {
			keep(o.routes, c.GetRoute().GetName(), c.GetRoute().GetStatus())
		})
		o.synced.Wait()
		if want := []int{0, 0, 20, 30}; len(waiting) != 4 || waiting[1] != want[1] || waiting[2] != want[2] || waiting[3] != want[3] || o.breaks != 3 {
			t.Errorf("waiting was %v, want %v; %d breaks", waiting, want, o.breaks)
		}
	})
}
