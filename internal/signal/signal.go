// Package signal owns the numbers from outside that fleets scale on: who sets one says what it is now, and every fleet
// whose external policies name it is looked at anew. They are live facts with an age and are kept in memory alone
// (docs/decisions/0019-signals.md says why).
package signal

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
)

// Max is how many signals there may be at once: each set copies the list of them, and metrics show the age of each.
const Max = 1000

// What can be wrong with a signal. Errors wrap them with its name.
var (
	ErrNotFound  = errors.New("no such signal")
	ErrFull      = fmt.Errorf("there are %d signals already; delete those that nobody sets any more", Max)
	ErrNotFinite = errors.New("not a finite number")
)

// Config is what Signals works with.
type Config struct {
	Now func() time.Time
	// Changed is told of every signal that was set or deleted, after the change is to be seen; nil: nobody.
	Changed func()
}

// Signals keeps the numbers. Its methods are safe for concurrent use.
type Signals struct {
	cfg Config
	mu  sync.Mutex // one change at a time
	all atomic.Pointer[map[string]scale.Signal]
}

// New makes an empty list.
func New(cfg Config) *Signals {
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	s := &Signals{cfg: cfg}
	s.all.Store(&map[string]scale.Signal{})
	return s
}

// Named is a signal with its name.
type Named struct {
	Name string
	scale.Signal
}

// Signals answers all of them by name. The map is shared and must not be changed; it is replaced, not altered.
func (s *Signals) Signals() map[string]scale.Signal { return *s.all.Load() }

// List answers all of them, sorted by name. The caller owns it.
func (s *Signals) List() []Named {
	all := s.Signals()
	out := make([]Named, 0, len(all))
	for name, v := range all {
		out = append(out, Named{name, v})
	}
	slices.SortFunc(out, func(a, b Named) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Set says what a number is from now on. ErrNotFinite for NaN and infinities, ErrFull for one too many.
func (s *Signals) Set(name string, value float64) (scale.Signal, error) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return scale.Signal{}, fmt.Errorf("signal %s: %v is %w", name, value, ErrNotFinite)
	}
	v := scale.Signal{Value: value, At: s.cfg.Now()}
	err := s.change(func(all map[string]scale.Signal) error {
		if _, there := all[name]; !there && len(all) >= Max {
			return fmt.Errorf("signal %s: %w", name, ErrFull)
		}
		all[name] = v
		return nil
	})
	if err != nil {
		return scale.Signal{}, err
	}
	return v, nil
}

// Delete forgets a number: what fleets last made of it holds. ErrNotFound.
func (s *Signals) Delete(name string) error {
	return s.change(func(all map[string]scale.Signal) error {
		if _, there := all[name]; !there {
			return fmt.Errorf("signal %s: %w", name, ErrNotFound)
		}
		delete(all, name)
		return nil
	})
}

// change replaces the list by one that do has changed; an error changes nothing.
func (s *Signals) change(do func(map[string]scale.Signal) error) error {
	s.mu.Lock()
	next := maps.Clone(s.Signals())
	err := do(next)
	if err == nil {
		s.all.Store(&next)
	}
	s.mu.Unlock()
	if err == nil {
		s.cfg.Changed()
	}
	return err
}
