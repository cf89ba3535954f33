package room_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// udpConn is a connection of the door "udp".
type udpConn struct{ *conn }

func (udpConn) Endpoint() string { return "udp" }

// Who came by UDP is sent on with a connect token, everybody else with a ticket.
func TestRedirectOverUDP(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	bob := newClient(t, "bob", 2)
	bob.conn = &conn{client: bob, limit: 400}
	link, err := tb.room.Join(room.Join{Player: "bob", Seat: 2, Conn: udpConn{bob.conn}, Numbered: true})
	if err != nil {
		t.Fatal(err)
	}
	bob.link = link
	tb.tick(tick)
	_ = tb.room.Close(wire.CloseMoved, "drain", &room.Redirect{
		URLs:          map[string]string{"test": "test://next", "udp": "udp://next"},
		Tickets:       map[string]string{"ann": "t1", "bob": "t2"},
		ConnectTokens: map[string]string{"ann": "c1", "bob": "c2"},
	})
	tb.tick(tick)
	equal(t, "ann's address", ann.reconnect.URL, "test://next")
	equal(t, "ann's ticket", ann.reconnect.Ticket, "t1")
	equal(t, "bob's address", bob.reconnect.URL, "udp://next")
	equal(t, "bob's ticket", bob.reconnect.Ticket, "c2")
}
