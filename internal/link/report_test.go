package link

import (
	"math"
	"reflect"
	"testing"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

func TestReportsAreTheRegistrys(t *testing.T) {
	ref := &greenroomv1.SessionRef{Route: "plaza", Key: "room-7", Generation: 2}
	got := sessionReports([]*greenroomv1.SessionReport{{
		Session: ref, SeatCapacity: 8, Seats: []*greenroomv1.ClaimedSeat{{Seat: math.MaxUint64, Player: "ann"}}, Released: []uint64{1, 2},
	}})
	want := []registry.SessionReport{{
		Session: model.SessionRef{Route: "plaza", Key: "room-7"}, Generation: 2, Capacity: 8,
		Claimed:  []model.Seat{{ID: math.MaxUint64, Player: "ann", State: model.SeatClaimed}},
		Released: []model.SeatID{1, 2},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("reports are %+v, want %+v", got, want)
	}
	ended := endedSessions([]*greenroomv1.SessionRef{ref})
	if !reflect.DeepEqual(ended, []registry.EndedSession{{Session: want[0].Session, Generation: 2}}) {
		t.Errorf("ended are %+v", ended)
	}
}
