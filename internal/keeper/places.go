package keeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/place"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

// attachment is what the provider says of a server.
func attachment(spec model.Fleet, i provider.Instance) registry.Attachment {
	a := registry.Attachment{Ref: i.Ref, Node: i.Node, Endpoints: endpoints(spec.Spec, i)}
	if len(i.Endpoints) > 0 {
		a.Endpoints, a.Fixed = i.Endpoints, true
	}
	if i.Capacity != (model.Capacity{}) {
		a.Capacity = i.Capacity.Within(spec.Spec.Capacity)
	}
	return a
}

// followPlaces brings the registry up to what the fleet's list, or the servers themselves, say by now of their addresses and
// of what they can hold. It answers the servers as they are then.
func (k *Keeper) followPlaces(ctx context.Context, f *fleet, spec model.Fleet, servers []model.Server, instances []provider.Instance) ([]model.Server, error) {
	changed := false
	for n := range instances {
		i := &instances[n]
		at, known := slices.BinarySearchFunc(servers, i.ID, func(s model.Server, id model.ServerID) int { return strings.Compare(string(s.ID), string(id)) })
		if !known || !i.Running {
			continue
		}
		a := attachment(spec, *i)
		if a.Capacity = f.ours(i.Capacity.Within(spec.Spec.Capacity), &servers[at], i.Reported); !differs(&servers[at], a) {
			continue
		}
		if err := k.cfg.Registry.Attach(ctx, i.ID, a); err != nil && !errors.Is(err, registry.ErrNotFound) {
			return nil, fmt.Errorf("note where server %s is: %w", i.ID, err)
		}
		changed = true
	}
	if !changed {
		return servers, nil
	}
	return k.listServers(ctx, f)
}

// ours is the part of a server's capacity that is Greenroom's to give.
func (f *fleet) ours(c model.Capacity, s *model.Server, said *provider.Reported) model.Capacity {
	if said == nil {
		return c
	}
	last, heard := f.others[s.ID]
	if !heard || !last.at.Equal(said.At) {
		known := place.Count{Sessions: s.Sessions, Players: s.SeatsReserved + s.SeatsClaimed}
		last = othersAt{place.Others(known, place.Count{Sessions: said.Sessions, Players: said.Players}), said.At}
		f.others[s.ID] = last
	}
	return place.Ours(c, last.Count)
}

// othersAt is what others had on a server when it last spoke.
type othersAt struct {
	place.Count
	at time.Time
}

func differs(s *model.Server, a registry.Attachment) bool {
	has := model.Capacity{Sessions: s.SessionCapacity, SeatsPerSession: s.SeatsPerSession, Seats: s.SeatCapacity}
	return s.Node != a.Node || !slices.Equal(s.Endpoints, a.Endpoints) || has != a.Capacity
}

// observeIdle looks at the sessions of servers without a link that do not say when one ends.
func (k *Keeper) observeIdle(ctx context.Context, in *plan.Input) error {
	static := in.Fleet.Spec.Static
	if static == nil {
		return nil
	}
	bare := make(map[model.ServerID]bool)
	for _, i := range in.Instances {
		bare[i.ID] = !i.BareAt.IsZero()
	}
	in.Idle = make(map[model.ServerID][]plan.IdleSession)
	for n := range in.Servers {
		s := &in.Servers[n]
		if !s.Linkless || s.Sessions == 0 || s.State.Terminal() || static.SessionIdle == 0 && !bare[s.ID] {
			continue
		}
		sessions, err := k.cfg.Registry.ListSessions(ctx, registry.SessionFilter{Server: s.ID})
		if err != nil {
			return fmt.Errorf("list the sessions of server %s: %w", s.ID, err)
		}
		for _, x := range sessions {
			in.Idle[s.ID] = append(in.Idle[s.ID], plan.IdleSession{
				Session:  drain.Session{SessionRef: x.SessionRef, Generation: x.Generation, Moving: x.State == model.SessionMoving},
				JoinedAt: x.JoinedAt,
			})
		}
	}
	return nil
}

// bareAt is when a server said that it has no session, if that is what it last said.
func bareAt(i *provider.Instance) time.Time {
	if i.Reported == nil || i.Reported.Sessions != 0 {
		return time.Time{}
	}
	return i.Reported.At
}

// recall gives a server without a link, found again after a restart, the state it was in and the sessions that were on it:
// it cannot say so itself.
func (k *Keeper) recall(ctx context.Context, id model.ServerID, now time.Time) error {
	if k.cfg.Recall != nil {
		if hello, known := k.cfg.Recall(id); known {
			hello.Server, hello.Linkless, hello.Now = id, true, now
			if _, err := k.cfg.Registry.Greet(ctx, hello); err != nil {
				return fmt.Errorf("recall what was on server %s: %w", id, err)
			}
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.found, id) // there is nothing more to wait for
	k.noteRecovery()
	return nil
}
