package router

import (
	"errors"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/registry"
)

// A caller with a clock of its own plays the whole life of joins without a goroutine or a timer: nothing runs here but
// the test.
func TestOfferDoesNotBlock(t *testing.T) {
	h := newHouse(t)
	now := time.Unix(1_000_000, 0)
	h.now = func() time.Time { return now }

	_, first, err := h.Offer(h.ctx, request("k", "ann"))
	if err != nil || first == nil {
		t.Fatalf("%v, %v", first, err)
	}
	_, second, _ := h.Offer(h.ctx, request("other", "bob"))
	if want := now.Add(h.route.MaxWait); !second.Deadline().Equal(want) {
		t.Errorf("waits until %v, want %v", second.Deadline(), want)
	}
	if n := h.Tick(h.ctx); n != 2 {
		t.Errorf("%d wait without a server", n)
	}
	if _, ok, err := first.Answer(); ok || err != nil {
		t.Errorf("an answer without a server: %v", err)
	}

	now = now.Add(3 * time.Second)
	h.open("a-1", "a", 1, 2)
	if n := h.Tick(h.ctx); n != 1 {
		t.Errorf("%d wait with room for one session", n)
	}
	p, ok, err := first.Answer()
	if !ok || err != nil || p.Server != "a-1" || p.Tickets[0].Ticket == "" {
		t.Errorf("%+v, %v, %v", p, ok, err)
	}
	if err := first.GiveUp(nil); err != nil {
		t.Errorf("an answered join was given up: %v", err)
	}

	now = second.Deadline()
	var full *FullError
	if err := second.GiveUp(nil); !errors.As(err, &full) || full.Waited != h.route.MaxWait || !errors.Is(err, registry.ErrFull) {
		t.Errorf("%v", err)
	}
	if n := h.Tick(h.ctx); n != 0 {
		t.Errorf("%d wait after all were answered or given up", n)
	}

	if p, w, err := h.Offer(h.ctx, request("k", "cid")); err != nil || w != nil || p.Server != "a-1" {
		t.Errorf("with room: %+v, %v, %v", p, w, err)
	}
}
