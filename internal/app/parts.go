package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// part is one thing that runs for as long as Greenroom does.
type part struct {
	name string
	run  func(ctx context.Context) error // returns when ctx ends
}

// running is a part that was started.
type running struct {
	part
	stop  context.CancelCauseFunc
	ended chan struct{}
	err   error // once ended is closed
}

// runParts starts the parts in order, waits until ctx ends or one of them does, and stops them in reverse, each before the
// one it was started after. The answer is the first part's error, or nil after ctx ended; it is also the cause of the end of the
// parts' contexts, so that they know whether somebody wanted the end.
func runParts(ctx context.Context, logger *slog.Logger, parts []part) error {
	first := make(chan *running, len(parts))
	started := make([]*running, 0, len(parts))
	for _, p := range parts {
		own, stop := context.WithCancelCause(context.WithoutCancel(ctx))
		r := &running{part: p, stop: stop, ended: make(chan struct{})}
		started = append(started, r)
		go func() {
			defer close(r.ended)
			r.err = r.run(own)
			first <- r
		}()
	}
	var failed error
	select {
	case <-ctx.Done():
	case r := <-first:
		failed = fmt.Errorf("%s ended: %w", r.name, orError(r.err))
	}
	timeout := time.After(stopTime)
	for i := len(started) - 1; i >= 0; i-- {
		r := started[i]
		r.stop(failed)
		select {
		case <-r.ended:
			if err := r.err; err != nil && !errors.Is(err, context.Canceled) && failed == nil {
				failed = fmt.Errorf("%s: %w", r.name, err)
			}
		case <-timeout:
			logger.Error("a part did not stop in time", "part", r.name)
			for _, rest := range started[:i] {
				rest.stop(failed)
			}
			return errors.Join(failed, fmt.Errorf("%s did not stop within %s", r.name, stopTime))
		}
	}
	return failed
}

func orError(err error) error {
	if err == nil {
		return errors.New("nobody asked it to")
	}
	return err
}
