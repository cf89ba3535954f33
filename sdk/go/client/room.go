package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Flags of a state: kept for late joiners, and deleted when this player's seat is released.
const (
	Retain = wire.Retain
	Owned  = wire.Owned
)

// Room is one player's connection to a room, remade as often as it takes. It is safe for concurrent use.
type Room struct {
	options Options
	cancel  context.CancelFunc
	wake    chan struct{} // holds one: there is something to write
	done    chan struct{} // closed when run has returned
	open    chan struct{} // closed at the first snapshot

	mu       sync.Mutex
	journey  journey
	outbox   outbox
	view     view
	standing standing
	status   Status
	err      error
	leaving  bool
	entered  bool // on this connection
	told     bool // by this connection, to go elsewhere
	route    string
	key      string
	tick     time.Duration

	heardAt time.Time // the last message's other than Reconnect; only run's goroutine uses it
}

// Enter takes a player's seat over WebSocket or, at a udp:// place, over UDP and returns once the room's state is there. ctx bounds the entering; the room
// then lives until Leave or Close, or until the room says stop. The error is a *ClosedError or ctx's.
func Enter(ctx context.Context, place Place, options Options) (*Room, error) {
	now := time.Now()
	options = options.withDefaults()
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &Room{
		options: options, cancel: cancel,
		wake: make(chan struct{}, 1), done: make(chan struct{}), open: make(chan struct{}),
		journey: journey{place: place, canJoin: options.Rejoin != nil, rejoinFor: options.RejoinFor, awaySince: now},
		view:    view{entries: map[string]*entry{}, members: map[uint64]string{}},
		heardAt: now,
	}
	go r.run(life)
	select {
	case <-r.open:
		return r, nil
	case <-r.done:
		return nil, fmt.Errorf("enter the room at %s: %w", place.URL, r.Err())
	case <-ctx.Done():
		r.Close()
		return nil, fmt.Errorf("enter the room at %s: %w", place.URL, context.Cause(ctx))
	}
}

// run goes from connection to connection until the room is over.
func (r *Room) run(ctx context.Context) {
	defer close(r.done)
	defer r.cancel()
	for {
		ended := r.visit(ctx)
		for {
			next := r.next(ctx, ended)
			if next.do == doStop {
				r.finish(next.err)
				return
			}
			if !pause(ctx, next.after+jitter(next.jitter)) {
				continue
			}
			if next.do == doDial {
				break
			}
			var joined bool
			if ended, joined = r.join(ctx); joined {
				break
			}
		}
	}
}

func (r *Room) next(ctx context.Context, e end) step {
	r.mu.Lock()
	if r.leaving || ctx.Err() != nil {
		r.mu.Unlock()
		return step{do: doStop}
	}
	next := r.journey.next(e, time.Now())
	change := StatusChange{Status: Reconnecting, Told: r.told, Err: fmt.Errorf("%s", e.describe())}
	announce := r.view.seen && r.status == Open && next.do != doStop
	if announce {
		r.status = Reconnecting
	}
	r.mu.Unlock()
	if announce {
		r.tell(change)
	}
	return next
}

func (r *Room) join(ctx context.Context) (end, bool) {
	answer, err := r.options.Rejoin(ctx)
	var place Place
	if err == nil {
		place, err = r.options.placeOf(answer, r.Player())
	}
	if err != nil {
		kind := endUnjoined
		if permanent(err) {
			kind = endUnjoinable
		}
		return end{kind: kind, reason: fmt.Sprintf("join again: %v", err), retryAfter: RetryAfter(err)}, false
	}
	r.mu.Lock()
	r.journey.joined(place)
	r.mu.Unlock()
	return end{}, true
}

func (r *Room) finish(err *ClosedError) {
	r.mu.Lock()
	r.status = Closed
	if err != nil {
		r.err = err
	}
	change := StatusChange{Status: Closed, Told: r.told, Err: r.err}
	r.mu.Unlock()
	r.tell(change)
}

func (r *Room) tell(change StatusChange) {
	if r.options.Handler.Status != nil {
		r.options.Handler.Status(change)
	}
}

// Leave gives the seat back, after what was sent before, and ends the room. It waits until the room has answered, for a
// second at most.
func (r *Room) Leave() {
	r.mu.Lock()
	connected := r.entered
	r.leaving = true
	r.mu.Unlock()
	if !connected {
		r.cancel()
	}
	r.poke()
	timer := time.AfterFunc(time.Second, r.cancel)
	defer timer.Stop()
	<-r.done
}

// Close ends the room here; the seat is kept for the server's resume window.
func (r *Room) Close() {
	r.cancel()
	<-r.done
}

// Done is closed when the room is over; Err then says why.
func (r *Room) Done() <-chan struct{} { return r.done }

func (r *Room) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// pause waits; false: ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func jitter(upTo time.Duration) time.Duration {
	if upTo <= 0 {
		return 0
	}
	return rand.N(upTo)
}
