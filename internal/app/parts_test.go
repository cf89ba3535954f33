package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
)

func TestPartsStopInReverse(t *testing.T) {
	var mu sync.Mutex
	var stopped []string
	var parts []part
	for _, name := range []string{"store", "keeper", "api"} {
		parts = append(parts, part{name, func(ctx context.Context) error {
			<-ctx.Done()
			mu.Lock()
			defer mu.Unlock()
			stopped = append(stopped, name)
			return ctx.Err()
		}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runParts(ctx, slog.New(slog.DiscardHandler), parts); err != nil {
		t.Fatal(err)
	}
	if want := []string{"api", "keeper", "store"}; !slices.Equal(stopped, want) {
		t.Errorf("stopped %v, want %v", stopped, want)
	}
}

func TestAFailedPartStopsTheRest(t *testing.T) {
	broken := errors.New("broken")
	waited := false
	err := runParts(t.Context(), slog.New(slog.DiscardHandler), []part{
		{"store", func(ctx context.Context) error { <-ctx.Done(); waited = true; return nil }},
		{"keeper", func(context.Context) error { return broken }},
	})
	if !errors.Is(err, broken) || !waited {
		t.Errorf("err %v, the store was stopped: %v", err, waited)
	}
}
