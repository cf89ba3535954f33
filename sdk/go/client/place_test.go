package client

import (
	"strings"
	"testing"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

func TestPlaceOf(t *testing.T) {
	joined := &greenroomv1.JoinResponse{
		Endpoints: []*greenroomv1.Endpoint{
			{Name: "wss", Url: "wss://a/room"}, {Name: "ws", Url: "ws://a/room"}, {Name: "mqtts", Url: "mqtts://a"}, {Name: "udp", Url: "udp://a"},
		},
		Tickets: []*greenroomv1.Ticket{{Player: "ann", Ticket: "ticket", ConnectToken: "token"}},
	}
	for name, want := range map[string]Place{
		"ws":   {"ws://a/room", "ticket", "ann"},
		"wss":  {"wss://a/room", "ticket", "ann"},
		"mqtt": {"mqtts://a", "ticket", "ann"}, // there is no other
		"udp":  {"udp://a", "token", "ann"},
	} {
		if got, err := PlaceOf(joined, name, "ann"); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, c := range [][2]string{{"webtransport", "ann"}, {"ws", "bob"}} {
		if _, err := PlaceOf(joined, c[0], c[1]); err == nil || !strings.Contains(err.Error(), "no") {
			t.Errorf("%v: %v", c, err)
		}
	}
}
