package api

import (
	"context"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// watchEvery is the least time between two rounds of a watch: at most 10 a second.
const watchEvery = 100 * time.Millisecond

// object is one thing of a watch: its name, what tells that it changed, and the message to send.
type object[K comparable, M any] struct {
	name    K
	version any // comparable
	message func() M
}

// watch sends the difference between what the client has and what is, first all as ADDED, then SYNCED, then each change.
// Nothing is queued for a slow client: while it takes one round, changes run together, and the next round compares with
// what it has by then. list answers everything in order; signals tell that something may have changed; gone makes the
// message of a deletion.
func watch[K comparable, M any](
	ctx context.Context, signals []<-chan struct{}, list func() ([]object[K, M], error),
	gone func(K) M, send func(greenroomv1.ChangeType, M) error,
) error {
	wake := merge(ctx, signals)
	pause := time.NewTimer(0)
	defer pause.Stop()
	sent := map[K]any{}
	for first := true; ; first = false {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := round(sent, list, gone, send); err != nil {
			return err
		}
		if first {
			var none M
			if err := send(greenroomv1.ChangeType_CHANGE_TYPE_SYNCED, none); err != nil {
				return err
			}
		}
		pause.Reset(watchEvery)
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// round sends one comparison and brings sent up to date.
func round[K comparable, M any](
	sent map[K]any, list func() ([]object[K, M], error), gone func(K) M, send func(greenroomv1.ChangeType, M) error,
) error {
	now, err := list()
	if err != nil {
		return err
	}
	here := make(map[K]struct{}, len(now))
	for _, o := range now {
		here[o.name] = struct{}{}
		old, known := sent[o.name]
		if known && old == o.version {
			continue
		}
		change := greenroomv1.ChangeType_CHANGE_TYPE_ADDED
		if known {
			change = greenroomv1.ChangeType_CHANGE_TYPE_MODIFIED
		}
		if err := send(change, o.message()); err != nil {
			return err
		}
		sent[o.name] = o.version
	}
	for name := range sent {
		if _, still := here[name]; !still {
			if err := send(greenroomv1.ChangeType_CHANGE_TYPE_DELETED, gone(name)); err != nil {
				return err
			}
			delete(sent, name)
		}
	}
	return nil
}

// merge makes one coalesced signal of several. Its goroutines end when the signals' channels are closed, with ctx.
func merge(ctx context.Context, signals []<-chan struct{}) <-chan struct{} {
	out := make(chan struct{}, 1)
	for _, s := range signals {
		go func() {
			for range s {
				select {
				case out <- struct{}{}:
				case <-ctx.Done():
				default: // there is one already
				}
			}
		}()
	}
	return out
}
