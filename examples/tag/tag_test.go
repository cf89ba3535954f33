package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"greenroom.dev/greenroom/sdk/go/client"
	"greenroom.dev/greenroom/sdk/go/room"
)

// Bots play by themselves, on real doors, until two of them were tagged, and none is thrown out; who joins then finds itself in the game.
func TestBotsPlay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	ready := make(chan string, 1)
	group.Go(func() error {
		return room.RunAlone(ctx, room.Options{New: newTag, Logger: slog.New(slog.DiscardHandler)}, room.Alone{
			Listen: "127.0.0.1:0", Ready: func(api string, _ map[string]string) { ready <- api },
		})
	})
	api := client.New(client.Config{URL: <-ready})
	tagged := make(chan string, 100)
	group.Go(func() error {
		return play(ctx, api, "tag", "1", 30, client.Handler{
			Event: func(e client.Event) { tagged <- e.Name },
		})
	})
	for range 2 {
		select {
		case <-tagged:
		case <-ctx.Done():
			t.Fatal(context.Cause(ctx))
		}
	}
	put := make(chan client.Position, 10)
	ann, err := api.JoinRoom(ctx, "tag", "1", "ann", client.Options{Handler: client.Handler{
		Corrected: func(at client.Position, _ bool) { put <- at },
	}})
	if err != nil {
		t.Fatal(err)
	}
	if it, ok := ann.Get("it"); !ok || it.Owner != 0 {
		t.Errorf("it is %+v", it)
	}
	if at := <-put; !yard.inside(room.Position{X: at.X, Y: at.Y}) {
		t.Errorf("ann was put at %+v", at)
	}
	ann.Leave()
	cancel()
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
