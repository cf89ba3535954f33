package agonessdk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

const (
	// attempts bounds how often a change of state is tried against others' changes.
	attempts = 5
	// heardEvery bounds how often a server's health is passed on.
	heardEvery = time.Second
	// reservedReason is the reason of a server that reserved itself.
	reservedReason = "reserved by the server itself"
)

// ask carries out what a server asks for, or leaves it to Tick while the registry does not know the server yet.
func (s *SDK) ask(ctx context.Context, c *child, to model.ServerState, reserveFor time.Duration) error {
	err := c.note(func(m *memo) bool {
		m.Wanted, m.Reserved, m.ReservedUntil = to, to == model.ServerCordoned, time.Time{}
		if reserveFor > 0 {
			m.ReservedUntil = s.cfg.Now().Add(reserveFor)
		}
		return true
	})
	if err != nil {
		return err
	}
	if err := s.follow(ctx, c); !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	return nil
}

// follow brings memo and registry together: what the server asked for, its labels and its state when it was found
// again, the end of its reservation; then it notes the state it is in. A server that never spoke the SDK is left alone.
func (s *SDK) follow(ctx context.Context, c *child) error {
	c.following.Lock()
	defer c.following.Unlock()
	server, err := s.cfg.Registry.GetServer(ctx, c.id)
	if err != nil {
		return err
	}
	m := c.recall()
	switch {
	case m.Wanted != model.ServerStateUnknown:
	case m.Reserved && !m.ReservedUntil.IsZero() && !s.cfg.Now().Before(m.ReservedUntil):
		m.Wanted = model.ServerReady
	case server.State == model.ServerStarting && m.State != model.ServerStateUnknown:
		m.Wanted = m.State // found again by a new control plane
	}
	if missing(server.Labels, m.Labels) || missing(server.Annotations, m.Annotations) {
		if err := s.cfg.Registry.Annotate(ctx, c.id, m.Labels, m.Annotations); err != nil {
			return err
		}
	}
	asked := m.Wanted
	if asked != model.ServerStateUnknown {
		if server, err = s.become(ctx, c.id, asked); err != nil && !errors.Is(err, registry.ErrConflict) {
			return err
		}
	}
	saved := c.note(func(m *memo) bool {
		before := *m
		if m.Wanted == asked {
			m.Wanted = model.ServerStateUnknown
		}
		if server.Linkless && server.State != model.ServerStarting {
			m.State = server.State
		}
		if m.State != model.ServerCordoned && m.Wanted == model.ServerStateUnknown {
			m.Reserved, m.ReservedUntil = false, time.Time{}
		}
		return m.State != before.State || m.Wanted != before.Wanted || m.Reserved != before.Reserved
	})
	return errors.Join(err, saved)
}

// missing tells whether some of wanted is not in has.
func missing(has, wanted map[string]string) bool {
	for k, v := range wanted {
		if got, ok := has[k]; !ok || got != v {
			return true
		}
	}
	return false
}

// become moves a server to a state and answers what it is then. A server that has a link speaks for itself there, and
// one that is shut down stays that. ErrConflict, ErrNotFound.
func (s *SDK) become(ctx context.Context, id model.ServerID, to model.ServerState) (model.Server, error) {
	var err error
	for range attempts {
		var server model.Server
		if server, err = s.cfg.Registry.GetServer(ctx, id); err != nil {
			return server, err
		}
		switch {
		case server.Linked, server.State == model.ServerEmpty, server.State.Terminal():
			return server, nil
		case server.State == model.ServerStarting, !server.Linkless:
			if err = s.greet(ctx, id, to); err != nil {
				return server, err
			}
			continue
		case server.State == to, to == model.ServerOpen && server.State == model.ServerDraining:
			return server, nil
		case to == model.ServerEmpty, to == model.ServerReady && server.State == model.ServerDraining:
			if err = s.endSessions(ctx, id); err != nil {
				return server, err
			}
			if to == model.ServerReady { // its game is over: the drain has nothing left to wait for
				return s.cfg.Registry.GetServer(ctx, id)
			}
		}
		server, err = s.cfg.Registry.SetState(ctx, id, server.Generation, registry.StateChange{
			State: to, Reason: reasonFor(to), Now: s.cfg.Now(),
		})
		if err == nil || !errors.Is(err, registry.ErrStale) && to != model.ServerEmpty {
			return server, err
		}
	}
	return model.Server{}, fmt.Errorf("server %s to %s: %w", id, to, err)
}

func reasonFor(to model.ServerState) string {
	if to == model.ServerCordoned {
		return reservedReason
	}
	return "asked for by the server itself"
}

// greet makes a server known as one without a link, in the state given if it was Starting.
func (s *SDK) greet(ctx context.Context, id model.ServerID, state model.ServerState) error {
	_, err := s.cfg.Registry.Greet(ctx, registry.Hello{Server: id, State: state, Linkless: true, Now: s.cfg.Now()})
	return err
}

func (s *SDK) endSessions(ctx context.Context, id model.ServerID) error {
	sessions, err := s.cfg.Registry.ListSessions(ctx, registry.SessionFilter{Server: id})
	if err != nil {
		return err
	}
	for _, x := range sessions {
		err := s.cfg.Registry.EndSession(ctx, x.SessionRef, x.Generation, 0, s.cfg.Now())
		if err != nil && !errors.Is(err, registry.ErrNotFound) && !errors.Is(err, registry.ErrStale) {
			return err
		}
	}
	return nil
}

// healthy passes a sign of life on. One from a server that has not called Ready yet says nothing about its state.
func (s *SDK) healthy(ctx context.Context, c *child) error {
	now := s.cfg.Now()
	c.mu.Lock()
	state, due := c.memo.State, now.Sub(c.heardAt) >= heardEvery
	if due {
		c.heardAt = now
	}
	c.mu.Unlock()
	if !due || state == model.ServerStateUnknown {
		return nil
	}
	server, err := s.cfg.Registry.GetServer(ctx, c.id)
	if err == nil && !server.Linked {
		err = s.greet(ctx, c.id, state)
	}
	if errors.Is(err, registry.ErrNotFound) {
		return nil // it will be found again
	}
	return err
}

// annotate sets one label or annotation, now or when the registry knows the server again.
func (s *SDK) annotate(ctx context.Context, c *child, pick func(*memo) *map[string]string, key, value string) error {
	if key == "" || len(key) > maxKey || len(value) > maxValue {
		return fmt.Errorf("a key has 1 to %d bytes, a value at most %d", maxKey, maxValue)
	}
	var full error
	err := c.note(func(m *memo) bool {
		at := pick(m)
		next := maps.Clone(*at) // others may be reading it
		if next == nil {
			next = map[string]string{}
		}
		next[metadataPrefix+key] = value
		if len(next) > maxPairs {
			full = fmt.Errorf("there are %d of them already", maxPairs)
			return false
		}
		*at = next
		return true
	})
	if err := errors.Join(err, full); err != nil {
		return err
	}
	if err := s.follow(ctx, c); !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	return nil
}
