package handover

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

var errFault = errors.New("fault")

// fakeLinks is a number of servers that keep sessions in memory and fail when they are told to.
type fakeLinks struct {
	mu     sync.Mutex
	held   map[model.ServerID]map[model.SessionRef]*held
	copies map[model.SessionRef][]byte
	calls  []string
	// fault is asked before each call and may fail it; with late, the call is carried out although it fails.
	fault func(call string) (err error, late bool)
}

type held struct {
	gen       model.Generation
	state     string
	complete  bool
	frozen    bool
	redirects *Redirect
}

func newFakeLinks() *fakeLinks {
	return &fakeLinks{held: map[model.ServerID]map[model.SessionRef]*held{}, copies: map[model.SessionRef][]byte{}}
}

func (f *fakeLinks) put(server model.ServerID, ref model.SessionRef, h *held) {
	if f.held[server] == nil {
		f.held[server] = map[model.SessionRef]*held{}
	}
	f.held[server][ref] = h
}

// do runs a call under the fault plan.
func (f *fakeLinks) do(ctx context.Context, call string, server model.ServerID, run func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf("%s %s", call, server))
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.faulty(call, run)
}

func (f *fakeLinks) faulty(call string, run func() error) error {
	if f.fault != nil {
		if err, late := f.fault(call); err != nil {
			if late {
				_ = run()
			}
			return err
		}
	}
	return run()
}

func (f *fakeLinks) at(server model.ServerID, ref model.SessionRef, gen model.Generation) (*held, error) {
	h := f.held[server][ref]
	if h == nil || h.gen != gen {
		return nil, fmt.Errorf("%s has no %s of generation %d", server, ref, gen)
	}
	return h, nil
}

func (f *fakeLinks) HandOver(ctx context.Context, server model.ServerID, ref model.SessionRef, gen model.Generation) (state []byte, err error) {
	err = f.do(ctx, "hand over", server, func() error {
		h, err := f.at(server, ref, gen)
		if err != nil {
			return err
		}
		h.frozen = true
		state = []byte(h.state)
		f.copies[ref] = state
		return nil
	})
	return state, err
}

func (f *fakeLinks) Resume(ctx context.Context, server model.ServerID, ref model.SessionRef, gen model.Generation) error {
	return f.do(ctx, "resume", server, func() error {
		if h, err := f.at(server, ref, gen); err == nil {
			h.frozen = false
		}
		return nil
	})
}

func (f *fakeLinks) Open(ctx context.Context, server model.ServerID, o Opening) error {
	return f.do(ctx, "open", server, func() error {
		f.put(server, o.Session, &held{gen: o.Generation, state: string(o.State), complete: o.Complete})
		return nil
	})
}

func (f *fakeLinks) Close(ctx context.Context, server model.ServerID, ref model.SessionRef, gen model.Generation, _ string, to *Redirect) error {
	return f.do(ctx, "close", server, func() error {
		if h, err := f.at(server, ref, gen); err == nil {
			h.redirects = to
			delete(f.held[server], ref)
		}
		return nil
	})
}

func (f *fakeLinks) LastCopy(ref model.SessionRef) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.copies[ref]
	return c, ok
}

// faultyRegistry is the memory registry behind a network that fails by the same plan.
type faultyRegistry struct {
	*memory.Memory
	links *fakeLinks
}

func (r faultyRegistry) BeginMove(ctx context.Context, ref model.SessionRef, gen model.Generation, now time.Time) (move model.Generation, err error) {
	err = r.links.faulty("begin", func() error {
		move, err = r.Memory.BeginMove(ctx, ref, gen, now)
		return err
	})
	return move, err
}

func (r faultyRegistry) CommitMove(ctx context.Context, m registry.Move) (out registry.Reservation, err error) {
	err = r.links.faulty("commit", func() error {
		out, err = r.Memory.CommitMove(ctx, m)
		return err
	})
	return out, err
}

func (r faultyRegistry) FinishMove(ctx context.Context, ref model.SessionRef, gen model.Generation, now time.Time) error {
	return r.links.faulty("finish", func() error { return r.Memory.FinishMove(ctx, ref, gen, now) })
}

func (r faultyRegistry) AbortMove(ctx context.Context, ref model.SessionRef, gen, move model.Generation, now time.Time) error {
	return r.links.faulty("abort", func() error { return r.Memory.AbortMove(ctx, ref, gen, move, now) })
}

func (r faultyRegistry) SentOn(ctx context.Context, ref model.SessionRef, from model.ServerID, gen model.Generation, now time.Time) error {
	return r.links.faulty("sent on", func() error { return r.Memory.SentOn(ctx, ref, from, gen, now) })
}
