package stage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// hall is a stage whose audience writes down what it hears.
type hall struct {
	*Stages
	t      *testing.T
	kept   memory
	now    time.Time
	routes map[model.RouteName]bool

	created time.Time // all of them
	heard   []model.StageMessage
	fleets  []model.FleetName
}

func newHall(t *testing.T) *hall {
	h := &hall{t: t, kept: memory{all: map[[3]string]model.StageMessage{}}, now: time.UnixMicro(1_000_000), routes: map[model.RouteName]bool{"plaza": true, "voice": true}}
	h.open()
	return h
}

// open starts the control plane, or another one.
func (h *hall) open() {
	stages, err := New(h.t.Context(), Config{
		Store: &h.kept,
		Route: func(name model.RouteName) (model.Route, bool) {
			return model.Route{Name: name, CreatedAt: h.created, Fleets: []model.FleetWeight{{Fleet: "a"}, {Fleet: "b"}}}, h.routes[name]
		},
		Audience: h, Now: func() time.Time { return h.now },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Stages = stages
}

// memory is a store; the real ones have tests of their own.
type memory struct {
	all  map[[3]string]model.StageMessage
	down error
}

func (s *memory) ListStaged(context.Context) ([]model.StageMessage, error) {
	return slices.SortedFunc(maps.Values(s.all), func(a, b model.StageMessage) int { return cmp.Compare(a.Serial, b.Serial) }), nil
}

func (s *memory) ReplaceStaged(_ context.Context, gone, kept []model.StageMessage) error {
	if s.down != nil {
		return s.down
	}
	for _, m := range gone {
		delete(s.all, [3]string{string(m.Route), m.Space, m.Name})
	}
	for _, m := range kept {
		s.all[[3]string{string(m.Route), m.Space, m.Name}] = m
	}
	return nil
}

// Stage implements Audience.
func (h *hall) Stage(m model.StageMessage, fleets []model.FleetName) model.StageReach {
	h.heard, h.fleets = append(h.heard, m), fleets
	return model.StageReach{Servers: 2, Rooms: 5, Dropped: 1}
}

func (h *hall) publish(m model.StageMessage) uint64 {
	h.t.Helper()
	serial, _, err := h.Publish(h.t.Context(), m)
	if err != nil {
		h.t.Fatal(err)
	}
	return serial
}

func TestPublish(t *testing.T) {
	h := newHall(t)
	serial, reach, err := h.Publish(h.t.Context(), model.StageMessage{Route: "plaza", Space: "concert", Name: "light", Payload: []byte("red"), Retain: true})
	if err != nil || serial != 1_000_001 || reach.Servers != 2 || reach.Rooms != 5 {
		t.Fatal(serial, reach, err)
	}
	if next := h.publish(model.StageMessage{Route: "plaza", Name: "clap"}); next != serial+1 {
		t.Errorf("serial %d after %d", next, serial)
	}
	if len(h.heard) != 2 || h.heard[0].Serial != serial || string(h.heard[0].Payload) != "red" || len(h.fleets) != 2 || h.fleets[1] != "b" {
		t.Errorf("heard %+v for %v", h.heard, h.fleets)
	}
	if shown := h.Shown(); len(shown) != 1 || shown[0].Serial != serial {
		t.Errorf("shows %+v", shown)
	}
	if _, _, err := h.Publish(h.t.Context(), model.StageMessage{Route: "moon", Name: "light"}); !errors.Is(err, ErrNoRoute) {
		t.Error(err)
	}
	var text strings.Builder
	h.WriteMetrics(&text)
	for _, want := range []string{
		`greenroom_stage_messages_total{route="plaza",outcome="taken"} 2`, `greenroom_stage_dropped_total{route="plaza"} 2`,
		`greenroom_stage_payload_bytes_total{route="plaza"} 3`,
	} {
		if !strings.Contains(text.String(), want+"\n") {
			t.Errorf("metrics lack %s:\n%s", want, text.String())
		}
	}
}

func TestSerialsRiseOverRestarts(t *testing.T) {
	h := newHall(t)
	var last uint64
	for range 3 {
		for range 100 {
			serial := h.publish(model.StageMessage{Route: "plaza", Name: "light"})
			if serial <= last {
				t.Fatalf("serial %d after %d", serial, last)
			}
			last = serial
		}
		h.now = h.now.Add(time.Second)
		h.open()
	}
}

func TestWhatIsShownOutlivesARestart(t *testing.T) {
	h := newHall(t)
	h.publish(model.StageMessage{Route: "plaza", Name: "light", Payload: []byte("red"), Retain: true})
	h.publish(model.StageMessage{Route: "plaza", Space: "a", Name: "light", Retain: true}) // hides it there
	h.publish(model.StageMessage{Route: "plaza", Name: "song", Payload: []byte("aria"), Retain: true})
	h.publish(model.StageMessage{Route: "plaza", Name: "clap", Payload: []byte("!")})
	h.publish(model.StageMessage{Route: "plaza", Name: "song", Retain: true})
	before := fmt.Sprint(h.Shown())
	h.now = time.UnixMicro(1) // a clock that went back
	h.open()
	if after := fmt.Sprint(h.Shown()); after != before || len(h.Shown()) != 2 {
		t.Errorf("shows %s, before %s", after, before)
	}
	if next := h.publish(model.StageMessage{Route: "plaza", Name: "clap"}); next <= h.Shown()[1].Serial {
		t.Errorf("serial %d after what is shown: %d", next, h.Shown()[1].Serial)
	}
	h.kept.down = errors.New("disk full")
	if _, _, err := h.Publish(t.Context(), model.StageMessage{Route: "plaza", Name: "x", Payload: []byte("y"), Retain: true}); !errors.Is(err, h.kept.down) {
		t.Error(err)
	}
	if len(h.Shown()) != 2 || h.heard[len(h.heard)-1].Name != "clap" {
		t.Error("what could not be kept was published")
	}
}

func TestLimits(t *testing.T) {
	h := newHall(t)
	for range model.MaxStageBurst {
		h.publish(model.StageMessage{Route: "plaza", Name: "clap"})
	}
	if _, _, err := h.Publish(h.t.Context(), model.StageMessage{Route: "plaza", Name: "clap"}); !errors.Is(err, ErrTooFast) {
		t.Errorf("%v", err)
	}
	h.publish(model.StageMessage{Route: "voice", Name: "clap"}) // has its own
	h.now = h.now.Add(time.Second / model.MaxStagePerSecond)
	h.publish(model.StageMessage{Route: "plaza", Name: "clap"})

	h.now = h.now.Add(time.Hour)
	large := make([]byte, 16<<10)
	for i := range 15 {
		h.publish(model.StageMessage{Route: "plaza", Name: string(rune('a' + i)), Payload: large, Retain: true})
	}
	if _, _, err := h.Publish(h.t.Context(), model.StageMessage{Route: "plaza", Name: "z", Payload: large, Retain: true}); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	h.publish(model.StageMessage{Route: "plaza", Name: "z", Payload: large})
	h.publish(model.StageMessage{Route: "plaza", Name: "a", Payload: large, Retain: true})
	h.publish(model.StageMessage{Route: "plaza", Name: "b", Retain: true})
	h.publish(model.StageMessage{Route: "plaza", Name: "z", Payload: large, Retain: true})
	if n := len(h.Shown()); n != 15 {
		t.Errorf("shows %d", n)
	}
}

// All stages together fit into a welcome.
func TestLimitOfAllStages(t *testing.T) {
	h := newHall(t)
	large := make([]byte, 16<<10)
	fill := func(route model.RouteName) (err error) {
		h.routes[route] = true
		for i := 0; i < 15 && err == nil; i++ {
			_, _, err = h.Publish(t.Context(), model.StageMessage{Route: route, Name: string(rune('a' + i)), Payload: large, Retain: true})
		}
		return err
	}
	n := 0
	for ; n < 20; n++ {
		if err := fill(model.RouteName(rune('a' + n))); err != nil {
			if !errors.Is(err, ErrFull) {
				t.Fatal(err)
			}
			break
		}
	}
	sum := 0
	for _, m := range h.Shown() {
		sum += m.Bytes()
	}
	if n != 8 || sum > model.MaxAllShownBytes || sum < model.MaxAllShownBytes-len(large)-100 {
		t.Errorf("%d routes were filled, %d bytes", n, sum)
	}
	h.publish(model.StageMessage{Route: "c", Name: "clap", Payload: large})
	delete(h.routes, "a")
	h.Shown()
	if err := fill("z"); err != nil {
		t.Errorf("after a route was deleted: %v", err)
	}
	h.open()
	if _, _, err := h.Publish(t.Context(), model.StageMessage{Route: "y", Name: "a", Payload: large, Retain: true}); !errors.Is(err, ErrNoRoute) {
		t.Error(err)
	}
	h.routes["y"] = true
	if err := fill("y"); !errors.Is(err, ErrFull) {
		t.Errorf("after a restart: %v", err)
	}
}

func TestADeletedRoutesStageIsForgotten(t *testing.T) {
	h := newHall(t)
	h.publish(model.StageMessage{Route: "plaza", Name: "light", Payload: []byte("red"), Retain: true})
	h.publish(model.StageMessage{Route: "voice", Name: "light", Payload: []byte("red"), Retain: true})
	delete(h.routes, "plaza")
	if shown := h.Shown(); len(shown) != 1 || shown[0].Route != "voice" {
		t.Errorf("shows %+v", shown)
	}
	h.created = h.created.Add(time.Hour) // deleted, and made anew before anybody looked
	h.publish(model.StageMessage{Route: "voice", Name: "song", Payload: []byte("aria"), Retain: true})
	if shown := h.Shown(); len(shown) != 1 || shown[0].Name != "song" {
		t.Errorf("shows %+v", shown)
	}
}
