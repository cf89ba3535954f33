package link

import (
	"errors"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
	"greenroom.dev/greenroom/sdk/go/server"
)

// A connect token opens the seat that its ticket opens, on its server alone, and goes along when players are sent on.
func TestConnectTokensOverTheLink(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	redirects := make(chan *server.Redirect, 1)
	srv := h.serve("rooms-1", h.overHTTP(), server.Handler{
		Close: func(_ server.Session, _ string, to *server.Redirect) { redirects <- to },
	})
	h.eventually("the server is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	r, token := h.join("ann", "room-1")
	claims := ticket.Claims{
		Server: r.Server, Player: "ann", Seat: r.Seats[0].ID, Session: r.Session, Generation: r.Generation,
		Capacity: r.SessionCapacity, ExpiresAt: r.Seats[0].ExpiresAt,
	}
	part, keys, err := ticket.SplitSealed(h.signer.Seal(claims))
	if err != nil {
		t.Fatal(err)
	}
	h.eventually("the server knows its keys", func() bool { _, _, err := srv.OpenConnect(part); return err == nil })
	if says, has, err := srv.OpenConnect(part); err != nil || has != keys || says.Player != "ann" || says.Session != r.Session {
		t.Errorf("opened: %+v, %v", says, err)
	}
	seat, err := srv.Claim(ticket.ShownText(part))
	if err != nil || seat.ID != uint64(r.Seats[0].ID) || seat.Player != "ann" {
		t.Fatalf("claimed %+v, %v", seat, err)
	}
	if again, err := srv.Claim(token); err != nil || again != seat {
		t.Errorf("the ticket of the same seat: %+v, %v", again, err)
	}
	claims.Server = "rooms-2"
	if part, _, err = ticket.SplitSealed(h.signer.Seal(claims)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := srv.OpenConnect(part); !errors.Is(err, ticket.ErrOtherServer) {
		t.Errorf("another server's: %v", err)
	}
	if _, err := srv.Claim(ticket.ShownText(part)); !errors.Is(err, ticket.ErrOtherServer) {
		t.Errorf("another server's: %v", err)
	}
	err = h.hub.Close(t.Context(), "rooms-1", r.Session, r.Generation, "drain", &handover.Redirect{Server: "rooms-2", Tickets: []handover.PlayerTicket{
		{Player: "ann", Ticket: "t", ConnectToken: "c", Seat: model.Seat{ExpiresAt: time.Now()}}, {Player: "bob", Ticket: "u"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	to := <-redirects
	if to.Tickets["ann"] != "t" || to.ConnectTokens["ann"] != "c" || to.Tickets["bob"] != "u" || len(to.ConnectTokens) != 1 {
		t.Errorf("sent on with %+v", to)
	}
}
