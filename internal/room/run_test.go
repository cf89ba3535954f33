package room_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A running room coalesces what comes within a tick, hurries for who joins, and sleeps when nothing happens.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counters room.Counters
		r := room.New(room.Config{Epoch: 1, Counters: &counters})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		pass := func(d time.Duration) {
			<-time.After(d) // virtual
			synctest.Wait()
		}
		pass(time.Second)
		ann := newClient(t, "ann", 1)
		ann.join(r)
		pass(model.MinTick)
		equal(t, "welcomed", ann.welcomed, true)

		pass(time.Second)
		ticks := counters.Ticks.Load()
		pass(time.Hour)
		equal(t, "ticks of an idle hour", counters.Ticks.Load()-ticks, 0)

		for range 100 { // one message a millisecond
			ann.send(time.Now(), event("e", ""))
			pass(time.Millisecond)
		}
		pass(model.DefaultTick)
		equal(t, "events", len(ann.events), 100)
		if n := counters.Ticks.Load() - ticks; n < 3 || n > 4 {
			t.Errorf("%d ticks for 100 ms of messages", n)
		}
		cancel()
		<-done
		equal(t, "close code", ann.conn.code, wire.CloseGoingAway)
	})
}
