package link

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/sdk/go/server"
)

// A server knows its fleet's flags with its welcome, and learns at once when they change.
func TestFlagsReachTheServer(t *testing.T) {
	h := newHouse(t)
	h.flags.Store(&[]model.Flag{{Name: "fog", Value: "thick", Share: model.Whole}, {Name: "rain", Value: "yes"}})
	h.add("rooms-1")
	srv := h.serve("rooms-1", h.overHTTP(), server.Handler{})
	is := func(name, want string) bool {
		value, on := srv.Flag(name, "room-7")
		return value == want && on == (want != "")
	}
	h.eventually("the flags of the welcome", func() bool { return is("fog", "thick") && is("rain", "") && is("snow", "") })
	h.flags.Store(&[]model.Flag{{Name: "rain", Value: "a lot", Share: model.Whole}})
	h.eventually("the changed flags", func() bool { return is("fog", "") && is("rain", "a lot") })
}
