package router

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
)

// A join gives connect tokens where the server has the endpoint for them, and only there.
func TestJoinGivesConnectTokens(t *testing.T) {
	h := newHouse(t)
	h.open("a-1", "a", 1, 4)
	if p := h.join("room-1", "ann"); p.Tickets[0].ConnectToken != "" {
		t.Errorf("a server without UDP gave %q", p.Tickets[0].ConnectToken)
	}
	h.endpoints = []model.Endpoint{{Name: "ws", URL: "ws://127.0.0.1:1/room"}, {Name: "udp", URL: "udp://127.0.0.1:2"}}
	h.open("a-2", "a", 1, 4)

	p, err := h.Join(h.ctx, Request{Route: "plaza", Key: "room-2", Players: []model.PlayerID{"ann", "bob"}})
	h.ok(err)
	for _, got := range p.Tickets {
		part, _, err := ticket.SplitSealed(got.ConnectToken)
		h.ok(err)
		sealed, _, err := ticket.Open(part, []ticket.Key{h.keys.ServerKey("a-2")}, "a-2", time.Now(), false)
		h.ok(err)
		signed, err := ticket.Verify(got.Ticket, []ticket.Key{h.keys.ServerKey("a-2")}, "a-2", time.Now(), false)
		h.ok(err)
		if !sealed.ExpiresAt.Equal(signed.ExpiresAt) {
			t.Errorf("expires at %s, the ticket at %s", sealed.ExpiresAt, signed.ExpiresAt)
		}
		sealed.ExpiresAt = signed.ExpiresAt
		if sealed != signed || sealed.Player != got.Player {
			t.Errorf("%s has a connect token of %+v and a ticket of %+v", got.Player, sealed, signed)
		}
	}
}
