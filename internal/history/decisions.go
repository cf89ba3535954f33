package history

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

const (
	// maxQueued bounds the decisions that wait to be written: what a thousand fleets may decide in a tick.
	maxQueued = 4096
	// gather is how long decisions are gathered, so that many make one transaction.
	gather = 200 * time.Millisecond
)

// Decisions writes what keepers decide into the store's log, beside the keepers' work. Its methods are safe for concurrent
// use.
type Decisions struct {
	store store.Decisions
	log   *slog.Logger
	queue chan model.Decision
	lost  atomic.Uint64
}

// NewDecisions makes one. No goroutine is started; without Run nothing is written.
func NewDecisions(s store.Decisions, log *slog.Logger) *Decisions {
	return &Decisions{store: s, log: log, queue: make(chan model.Decision, maxQueued)}
}

// Decided takes a decision in. It never blocks: when the store cannot follow, decisions are lost, counted and logged.
func (d *Decisions) Decided(one model.Decision) {
	select {
	case d.queue <- one:
	default:
		d.lost.Add(1)
	}
}

// Run writes decisions until ctx ends, and what is queued then, which takes some seconds at most.
func (d *Decisions) Run(ctx context.Context, failed func(error)) error {
	for {
		select {
		case one := <-d.queue:
			d.write(ctx, one, failed)
		case <-ctx.Done():
			if len(d.queue) > 0 {
				d.write(ctx, <-d.queue, failed)
			}
			return nil
		}
	}
}

// write writes a decision together with those that come soon after it.
func (d *Decisions) write(ctx context.Context, first model.Decision, failed func(error)) {
	batch := []model.Decision{first}
	timer := time.NewTimer(gather)
	defer timer.Stop()
	for open := true; open && len(batch) < maxQueued; {
		select {
		case one := <-d.queue:
			batch = append(batch, one)
		case <-timer.C:
			open = false
		case <-ctx.Done():
			open = false
		}
	}
	for len(d.queue) > 0 && len(batch) < maxQueued {
		batch = append(batch, <-d.queue)
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	if err := d.store.AppendDecisions(bounded, batch...); err != nil {
		d.lost.Add(uint64(len(batch)))
		failed(err)
	}
	if lost := d.lost.Swap(0); lost > 0 {
		d.log.Error("decisions are lost", "decisions", lost)
	}
}
