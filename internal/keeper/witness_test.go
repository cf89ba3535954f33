package keeper

import (
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// TestWitness: whoever watches is told each step of a server's life once, and nothing of steps that an earlier keeper saw.
func TestWitness(t *testing.T) {
	story(t, func(h *house) {
		told := func() (steps []string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			steps, h.steps = h.steps, nil
			slices.Sort(steps)
			return steps
		}
		h.store.apply(plaza())
		h.pass(time.Minute)
		if got := told(); !slices.Equal(got, []string{"ready → open", "starting → ready", "starting → ready", "unknown → starting", "unknown → starting"}) {
			t.Errorf("a cold start: %q", got)
		}
		h.machine.kill(h.in(model.ServerReady).ID)
		h.pass(time.Minute)
		if got := told(); !slices.Equal(got, []string{"ready → unhealthy", "starting → ready", "unknown → starting"}) {
			t.Errorf("a server that died: %q", got)
		}
		h.restart()
		h.pass(time.Minute)
		if got := told(); len(got) != 0 {
			t.Errorf("a restart: %q", got)
		}
		h.wantStates("1 ready, 1 open")
	})
}
