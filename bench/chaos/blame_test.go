//go:build linux

package main

import (
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// TestWhoIsToBlame: only what was done to a player's own server, or to the network, excuses that the player was cut off.
func TestWhoIsToBlame(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	l := newLedger()
	seen := func(second int, server string) {
		l.see(picture{
			servers:  []*greenroomv1.Server{{Name: "a"}, {Name: "b"}},
			sessions: []*greenroomv1.Session{{Route: "plaza", Key: "k", Server: server}},
		}, at(second))
	}
	seen(0, "a")
	l.end(l.begin(fault{Kind: pauseServer}, "b", at(10)), at(12))
	l.end(l.begin(fault{Kind: killPlane}, thePlane, at(30)), at(33))
	l.end(l.begin(fault{Kind: killServer}, "a", at(50)), at(50))
	seen(52, "b")
	l.end(l.begin(fault{Kind: cutNet}, theNetwork, at(80)), at(82))
	for _, c := range []struct {
		second int
		by     kind // "": nothing excuses it
	}{
		{11, ""}, // b was paused, and the session is on a
		{31, ""}, // I10
		{49, ""}, // before the kill
		{51, killServer},
		{55, killServer},      // still on its way to where it was
		{62, killServer},      // a client that hears nothing notices this late
		{70, ""},              // long over
		{81, cutNet},          // everybody is
		{90, cutNet},          // notices late
		{82 + 12 + 1, ""},     // too late
		{82 + 12 + 1000, ""},  // much too late
		{0, ""},               // nothing had happened yet
		{50 + 12 + 2 + 1, ""}, // it was elsewhere by then
	} {
		f, found := l.blame("plaza/k", at(c.second))
		if f.Kind != c.by || found != (c.by != "") {
			t.Errorf("cut off at %d s: by %q, want %q", c.second, f.Kind, c.by)
		}
	}
	died := func(second int, state greenroomv1.ServerState) {
		l.see(picture{servers: []*greenroomv1.Server{{Name: "a", State: state}, {Name: "c", State: state}, {Name: "d", State: greenroomv1.ServerState_SERVER_STATE_UNHEALTHY}}}, at(second))
	}
	died(2000, greenroomv1.ServerState_SERVER_STATE_OPEN)
	died(2001, greenroomv1.ServerState_SERVER_STATE_UNHEALTHY)
	if got := l.murdered(); len(got) != 1 || got[0] != "c" { // a was killed, and d was never ready
		t.Errorf("declared dead without reason: %v", got)
	}
}
