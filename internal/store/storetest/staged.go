package storetest

import (
	"errors"
	"fmt"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

func staged(t *testing.T, s store.Store) {
	ctx := t.Context()
	shown := func() (text string) {
		t.Helper()
		all, err := s.ListStaged(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			text += fmt.Sprintf("%s/%s %d %s=%q;", m.Route, m.Space, m.Serial, m.Name, m.Payload)
			if !m.Retain {
				t.Errorf("%v is not retained", m)
			}
		}
		return text
	}
	replace := func(gone, kept []model.StageMessage) {
		t.Helper()
		if err := s.ReplaceStaged(ctx, gone, kept); err != nil {
			t.Fatal(err)
		}
	}
	light := func(route, space string, serial uint64, payload string) model.StageMessage {
		return model.StageMessage{Route: model.RouteName(route), Space: space, Serial: serial, Name: "light", Payload: []byte(payload), Retain: true}
	}
	if err := s.ReplaceStaged(ctx, nil, []model.StageMessage{light("plaza", "", 1, "red")}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without its route: %v", err)
	}
	_, err := s.ApplyAll(ctx, store.Objects{Fleets: []model.Fleet{fleet("rooms", 1)}, Routes: []model.Route{route("plaza", "rooms"), route("voice", "rooms")}}, false, at)
	if err != nil {
		t.Fatal(err)
	}
	replace(nil, []model.StageMessage{light("voice", "", 7, "x\x00y"), light("plaza", "b", 1<<62, "blue"), light("plaza", "", 5, "red")})
	replace(nil, []model.StageMessage{light("plaza", "b", 1<<62+1, "")})
	if got, want := shown(), `plaza/ 5 light="red";plaza/b 4611686018427387905 light="";voice/ 7 light="x\x00y";`; got != want {
		t.Errorf("shows %s, want %s", got, want)
	}
	replace([]model.StageMessage{light("plaza", "b", 0, ""), light("plaza", "nosuch", 0, "")}, nil)
	if _, err := s.ApplyAll(ctx, store.Objects{Routes: []model.Route{route("plaza", "rooms")}}, false, at); err != nil { // keeps it
		t.Fatal(err)
	}
	if got, want := shown(), `plaza/ 5 light="red";voice/ 7 light="x\x00y";`; got != want {
		t.Errorf("shows %s, want %s", got, want)
	}
	if err := s.DeleteRoute(ctx, "plaza", 0, false, at); err != nil {
		t.Fatal(err)
	}
	if got, want := shown(), `voice/ 7 light="x\x00y";`; got != want {
		t.Errorf("shows %s, want %s", got, want)
	}
}
