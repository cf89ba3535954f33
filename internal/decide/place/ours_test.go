package place

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// TestOurs tells how a server of somebody else's is taken over while people play on it. Commands, each with sessions=N players=N:
//
//	server   what it can hold in all
//	known    what Greenroom has placed there by now
//	says     what the server says is on it, whoever sent them; N=-1: it does not say
func TestOurs(t *testing.T) {
	var whole model.Capacity
	var known, others Count
	datadriven.RunTest(t, "testdata/migration", func(t *testing.T, d *datadriven.TestData) string {
		var n Count
		d.ScanArgs(t, "sessions", &n.Sessions)
		d.ScanArgs(t, "players", &n.Players)
		switch d.Cmd {
		case "server":
			whole, known, others = model.Capacity{Sessions: n.Sessions, Seats: n.Players}, Count{}, Count{}
		case "known":
			known = n
		case "says":
			others = Others(known, n)
		default:
			t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
		}
		ours := Ours(whole, others)
		return fmt.Sprintf("ours: %d of %d sessions, %d of %d seats; free: %d and %d\n", ours.Sessions, whole.Sessions, ours.Seats, whole.Seats,
			max(0, ours.Sessions-known.Sessions), max(0, ours.Seats-known.Players))
	})
}

// Safety: what is given beside what is there already never exceeds what the server can hold, where it says the truth.
func TestOursIsNeverTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int { return rapid.IntRange(0, 100).Draw(t, name) }
		whole := model.Capacity{Sessions: n("sessions"), Seats: n("seats"), SeatsPerSession: 4}
		known := Count{n("known sessions"), n("known players")}
		others := Count{n("others' sessions"), n("others' players")}
		ours := Ours(whole, Others(known, Count{known.Sessions + others.Sessions, known.Players + others.Players}))
		if ours.Sessions < 0 || ours.Sessions+others.Sessions > max(whole.Sessions, others.Sessions) {
			t.Fatalf("%d sessions are ours beside %d others' of %d", ours.Sessions, others.Sessions, whole.Sessions)
		}
		if ours.Seats < 0 || ours.Seats+others.Players > max(whole.Seats, others.Players) {
			t.Fatalf("%d seats are ours beside %d others' of %d", ours.Seats, others.Players, whole.Seats)
		}
		if ours.SeatsPerSession != 4 {
			t.Fatalf("%d seats a session", ours.SeatsPerSession)
		}
	})
}
