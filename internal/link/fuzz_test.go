package link

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// FuzzWhatServersSay: whatever a server says, the registry holds rule I2 and nothing panics.
func FuzzWhatServersSay(f *testing.F) {
	for _, r := range []*greenroomv1.Report{
		{},
		{Sessions: []*greenroomv1.SessionReport{{
			Session: &greenroomv1.SessionRef{Route: "plaza", Key: "a", Generation: 1}, SeatCapacity: 4,
			Seats: []*greenroomv1.ClaimedSeat{{Seat: 1, Player: "ann"}, {Seat: 1, Player: "bob"}}, Released: []uint64{1, 2},
		}}},
		{Ended: []*greenroomv1.SessionRef{{Route: "plaza", Key: "a", Generation: 1}, nil}},
		{Sessions: []*greenroomv1.SessionReport{{SeatCapacity: 1 << 31}}},
	} {
		text, err := proto.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var said greenroomv1.Report
		if proto.Unmarshal(text, &said) != nil || checkSessions(said.GetSessions()) != nil {
			return
		}
		now := time.Unix(1000, 0)
		facts := memory.New(now)
		_, err := facts.AddServer(t.Context(), model.Server{
			ID: "rooms-1", Fleet: "rooms", State: model.ServerStarting, SessionCapacity: 2, SeatsPerSession: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		sessions := sessionReports(said.GetSessions())
		if _, err := facts.Greet(t.Context(), registry.Hello{Server: "rooms-1", Stream: 1, Sessions: sessions, Now: now}); err != nil {
			t.Fatal(err)
		}
		report := registry.Report{Server: "rooms-1", Stream: 1, Sessions: sessions, Ended: endedSessions(said.GetEnded()), Now: now}
		if err := facts.Report(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		all, err := facts.ListSessions(t.Context(), registry.SessionFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.SeatsClaimed+s.SeatsReserved > s.Capacity {
				t.Errorf("%v has %d seats of %d", s.SessionRef, s.SeatsClaimed+s.SeatsReserved, s.Capacity)
			}
		}
	})
}
