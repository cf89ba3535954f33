package server

import (
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// What became of connections is said from the process's beginning, anew on each stream, and only when it changed. What
// anybody can make up is not counted.
func TestConnectionsAreCounted(t *testing.T) {
	p := newPlane(t)
	srv, _, _ := p.serve(Handler{})
	st := p.next()
	says := func(st *stream, what string, admitted, resumed, refused, lost uint64) {
		t.Helper()
		st.until(t, what, func(m *greenroomv1.LinkRequest) bool {
			c := m.GetReport().GetConnections()
			return c != nil && c.GetAdmitted() == admitted && c.GetResumed() == resumed && c.GetRefused() == refused && c.GetLost() == lost
		})
	}
	says(st, "nothing yet", 0, 0, 0, 0)
	ann := p.claim(srv, "ann", "room-1", 1, 1)
	p.claim(srv, "ann", "room-1", 1, 1)
	p.claim(srv, "bob", "room-1", 2, 1)
	says(st, "two came, one came back", 2, 1, 0, 0)
	srv.Lost(ann)
	srv.Release(ann)
	for _, ticket := range []string{
		sign("ann", "room-1", 1, 1, 2, time.Now().Add(time.Minute)),  // released
		sign("cid", "room-1", 3, 1, 2, time.Now().Add(-time.Minute)), // expired
		"nonsense", sign("dan", "room-1", 4, 1, 2, time.Now().Add(time.Minute)) + "x",
	} {
		if _, err := srv.Claim(ticket); err == nil {
			t.Errorf("%s was let in", ticket)
		}
	}
	srv.Refused(ann)
	says(st, "one was lost, three refused", 2, 1, 3, 1)
	st.until(t, "a heartbeat without counts", func(m *greenroomv1.LinkRequest) bool {
		return m.GetReport() != nil && m.GetReport().GetConnections() == nil
	})
	st.drop()
	says(p.next(), "all of it again on the next stream", 2, 1, 3, 1)
}
