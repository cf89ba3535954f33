package link

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/sdk/go/server"
)

// What a server says of its connections is summed over its fleet, whatever became of its streams.
func TestConnectionsReachTheTally(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	srv := h.serve("rooms-1", h.overHTTP(), server.Handler{})
	h.eventually("rooms-1 is linked", func() bool { return h.linked("rooms-1") })
	fleet := h.server("rooms-1").Fleet
	has := func(want model.Connections) func() bool {
		return func() bool {
			tally, err := h.facts.Tally(t.Context())
			return err == nil && tally.Fleets[fleet].Connections == want
		}
	}
	srv.Lost(server.Seat{})
	srv.Refused(server.Seat{})
	h.eventually("one lost and one refused", has(model.Connections{Lost: 1, Refused: 1}))
	st, err := h.hub.stream("rooms-1")
	if err != nil {
		t.Fatal(err)
	}
	st.end(errReplaced)
	srv.Lost(server.Seat{})
	h.eventually("another one lost", has(model.Connections{Lost: 2, Refused: 1}))
}
