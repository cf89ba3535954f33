package keeper

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

var errNoWorker = fmt.Errorf("waits: all %d workers are busy", MaxWorkers)

// becomes are the verbs that only change a server's state; its link tells it.
var becomes = map[plan.Verb]model.ServerState{
	plan.Open: model.ServerOpen, plan.Cordon: model.ServerCordoned, plan.Uncordon: model.ServerOpen,
	plan.Drain: model.ServerDraining, plan.Undrain: model.ServerOpen, plan.Empty: model.ServerEmpty, plan.Stopped: model.ServerStopped,
}

// act carries one action out, or hands it to a worker. Its result goes into the explanation.
func (k *Keeper) act(ctx context.Context, f *fleet, v view, a plan.Action, to *told) {
	var err error
	switch a.Verb {
	case plan.Start:
		if err = k.start(ctx, f, v, a, to); err == nil {
			return // the worker says how it went
		}
	case plan.HandOver, plan.End:
		k.moveAll(ctx, f, v, a, to)
		return
	case plan.Stop:
		err = k.stop(ctx, a)
	case plan.Unhealthy:
		err = k.giveUp(ctx, f, a)
	case plan.Remove:
		err = k.cfg.Registry.RemoveServer(ctx, a.Server, a.Generation)
	case plan.Forget:
		err = k.cfg.Provider.Forget(ctx, a.Server)
	case plan.Avoid, plan.Welcome:
		err = k.cfg.Registry.Avoid(ctx, a.Server, a.Generation, a.Verb == plan.Avoid)
	case plan.Prove, plan.Halt:
		err = k.revise(ctx, f, a)
	case plan.Thaw:
		err = k.thaw(ctx, f, a.Server)
	case plan.Retire:
		err = k.cfg.Store.RemoveFleet(ctx, f.name)
	default:
		err = k.become(ctx, a)
	}
	f.result(to, err)
	k.report(f.name, a, err)
}

func (k *Keeper) become(ctx context.Context, a plan.Action) error {
	state, ok := becomes[a.Verb]
	if !ok {
		return fmt.Errorf("no such verb: %q", a.Verb)
	}
	_, err := k.cfg.Registry.SetState(ctx, a.Server, a.Generation, registry.StateChange{
		State: state, Reason: a.Reason, Drain: a.Drain, Unused: a.Unused, Abandon: a.Abandon, Now: k.cfg.Now(),
	})
	return err
}

// stop stops a server that is still what it was when that was decided: one that was empty may have sessions after all, which its hello
// brought, and drains again (I8). A provider knows of no generations.
func (k *Keeper) stop(ctx context.Context, a plan.Action) error {
	s, err := k.cfg.Registry.GetServer(ctx, a.Server)
	if err != nil {
		return err
	}
	if s.Generation != a.Generation {
		return fmt.Errorf("server %s is at generation %d, not %d: %w", a.Server, s.Generation, a.Generation, registry.ErrStale)
	}
	return k.cfg.Provider.Stop(ctx, a.Server)
}

// report logs what was done. An action that came too late is nobody's fault: the next plan knows better.
func (k *Keeper) report(name model.FleetName, a plan.Action, err error) {
	switch {
	case err == nil:
		k.log.Info("fleet kept", "fleet", name, "verb", a.Verb, "server", a.Server, "reason", a.Reason)
	case errors.Is(err, registry.ErrStale), errors.Is(err, registry.ErrConflict), errors.Is(err, context.Canceled):
		k.log.Debug("action came too late", "fleet", name, "verb", a.Verb, "server", a.Server, "error", err)
	default:
		k.log.Warn("action failed", "fleet", name, "verb", a.Verb, "server", a.Server, "reason", a.Reason, "error", err)
	}
}

// start makes a new server known, so that it can greet and the next plan counts it, and has a worker start it.
func (k *Keeper) start(ctx context.Context, f *fleet, v view, a plan.Action, to *told) error {
	spec, leaving := v.of(a.Revision), names(v.input.Leaving)
	if !k.acquire() {
		return errNoWorker
	}
	id := a.Server // of a static fleet
	if id == "" {
		id = model.ServerID(fmt.Sprintf("%s-%s", f.name, k.cfg.Suffix()))
	}
	s := newServer(spec, id)
	s.Reason, s.CreatedAt, s.StateSince = "started: "+a.Reason, k.cfg.Now(), k.cfg.Now()
	f.named(to, s.ID)
	f.setBusy(s.ID, true)
	known, err := k.cfg.Registry.AddServer(ctx, s)
	if err != nil {
		f.setBusy(s.ID, false)
		k.release()
		return err
	}
	k.run(f.name, func() {
		a.Server = s.ID
		err := k.bringUp(ctx, spec, known, leaving)
		if errors.Is(err, provider.ErrNoNode) {
			err = k.withoutNode(ctx, f, known, leaving, err)
		}
		f.setBusy(s.ID, false)
		f.result(to, err)
		k.report(f.name, a, err)
		f.poke()
	})
	return nil
}

// bringUp starts a server, on none of the machines that go away. One that cannot be started is unhealthy, which the next plan
// backs off from; where there is no machine nothing is wrong with it.
func (k *Keeper) bringUp(ctx context.Context, spec model.Fleet, s model.Server, leaving []string) error {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	i, err := k.cfg.Provider.Start(ctx, provider.Start{
		ID: s.ID, Fleet: spec.Name, Spec: spec.Spec, Env: k.cfg.Env(s.ID), Revision: spec.Revision, Leaving: leaving,
	})
	if errors.Is(err, provider.ErrNoNode) {
		return err
	}
	if err != nil {
		_, marked := k.cfg.Registry.SetState(context.WithoutCancel(ctx), s.ID, s.Generation, registry.StateChange{
			State: model.ServerUnhealthy, Reason: "could not be started: " + err.Error(), Now: k.cfg.Now(),
		})
		return errors.Join(err, marked)
	}
	return k.cfg.Registry.Attach(ctx, s.ID, attachment(spec, i))
}

// giveUp declares a server unhealthy and takes its sessions off it; they get a new place before the tick is over.
func (k *Keeper) giveUp(ctx context.Context, f *fleet, a plan.Action) error {
	now := k.cfg.Now()
	_, err := k.cfg.Registry.SetState(ctx, a.Server, a.Generation, registry.StateChange{
		State: model.ServerUnhealthy, Reason: a.Reason, Now: now,
	})
	if err != nil && !errors.Is(err, registry.ErrConflict) { // a conflict: it is Stopped already
		return err
	}
	orphans, err := k.cfg.Registry.Orphan(ctx, a.Server, now)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range orphans {
		if f.homeless[s.SessionRef] == nil {
			f.homeless[s.SessionRef] = &homeless{}
		}
	}
	return nil
}

func (f *fleet) setBusy(id model.ServerID, busy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if busy {
		f.busy[id] = true
	} else {
		delete(f.busy, id)
	}
}

// randomSuffix gives 8 letters and digits, 40 bits.
func randomSuffix() string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = letters[b[i]%byte(len(letters))]
	}
	return string(b)
}
