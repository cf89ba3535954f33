package server_test

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// A fleet's changed settings are those of rooms made from then on; others keep theirs.
func TestChangedSettings(t *testing.T) {
	c := newLinked(t)
	c.serve("rooms-1")
	change := func(r model.RoomSettings) {
		t.Helper()
		if _, err := c.store.ApplyAll(t.Context(), store.Objects{Fleets: []model.Fleet{{Name: "rooms", Spec: model.FleetSpec{Room: r}}}}, false, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := c.specs.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, w := c.enter("plaza", "old", "ann"); w.Tick != model.DefaultTick || w.MaxMessageBytes != model.DefaultMaxMessageBytes {
		t.Errorf("welcomed with %+v", w)
	}
	change(model.RoomSettings{Tick: 20 * time.Millisecond, MaxMessageBytes: 4000, Interest: model.Interest{Radius: 25}})
	c.eventually("the server has the new settings", func() bool { return c.servers["rooms-1"].Settings().Tick == 20*time.Millisecond })
	if _, w := c.enter("plaza", "old", "bob"); w.Tick != model.DefaultTick || w.Interest {
		t.Errorf("a room that was there: %+v", w)
	}
	if _, w := c.enter("plaza", "new", "eve"); w.Tick != 20*time.Millisecond || w.MaxMessageBytes != 4000 || !w.Interest {
		t.Errorf("a new room: %+v", w)
	}
}
