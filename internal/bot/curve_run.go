package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/sdk/go/client"
)

// curve is a demand that is being played.
type curve struct {
	cfg    CurveConfig
	api    *client.Client
	clock  clock
	prefix string // of names and keys
	visits []visit
	seen   *observed
	tally  tally

	started time.Time
	lasted  time.Duration
	samples []Sample
	marks   []Mark

	mu       sync.Mutex
	sessions map[string]map[*visitor]bool // who sits where
}

func newCurve(cfg CurveConfig, seats map[model.RouteName]int, fleets map[model.FleetName]bool) *curve {
	return &curve{
		cfg: cfg, api: client.New(cfg.API), clock: newClock(time.Now()), prefix: "curve-" + randomName() + "-",
		visits: visitsOf(&cfg.Trace, cfg.Seed, cfg.Speed, func(r model.RouteName) int { return seats[r] }),
		seen:   newObserved(slices.Collect(maps.Keys(seats)), slices.Collect(maps.Keys(fleets))),
		tally:  newTally(cfg.Windows), sessions: map[string]map[*visitor]bool{},
	}
}

// length is how long the curve is played.
func (c *curve) length() time.Duration {
	return faster(c.cfg.Trace.End().Sub(c.cfg.Trace.Start), c.cfg.Speed)
}

func (c *curve) since(t time.Time) time.Duration { return t.Sub(c.started) }

func (c *curve) run(ctx context.Context) CurveReport {
	watching, unwatch := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	watchers.Go(func() { c.seen.watch(watching, &c.cfg) })
	c.seen.synced.Wait()

	playing, stop := context.WithTimeout(ctx, c.length())
	defer stop()
	c.started = time.Now()
	c.marks = c.doors(playing)
	watchers.Go(func() { c.sample(watching) })
	c.play(playing)
	c.lasted = time.Since(c.started)
	unwatch()
	watchers.Wait()
	c.note(time.Now())
	return c.report()
}

// play has everybody come at their time, and returns when ctx has ended and all have left.
func (c *curve) play(ctx context.Context) {
	var playing sync.WaitGroup
	for _, v := range c.visits {
		if !wait(ctx, time.Until(c.started.Add(v.after))) {
			break
		}
		c.tally.came(time.Since(c.started.Add(v.after)))
		p := &visitor{curve: c, visit: v, name: fmt.Sprintf("%s%d", c.prefix, v.player)}
		if v.session > 0 {
			p.key = fmt.Sprintf("%ss%d", c.prefix, v.session)
		}
		playing.Go(func() { p.run(ctx) })
	}
	<-ctx.Done()
	playing.Wait()
}

// sit notes that a player is in its room, rise that it is about to leave it, or has lost it.
func (c *curve) sit(v *visitor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions[v.home] == nil {
		c.sessions[v.home] = map[*visitor]bool{}
	}
	c.sessions[v.home][v] = true
}

func (c *curve) rise(v *visitor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions[v.home], v)
	if len(c.sessions[v.home]) == 0 {
		delete(c.sessions, v.home)
	}
	c.tally.left()
}

// sits tells whether a player is in its room.
func (c *curve) sits(v *visitor) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions[v.home][v]
}

// beside is everybody in the player's session, itself included.
func (c *curve) beside(v *visitor) []*visitor {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.sessions[v.home]))
}

// sample notes what is, now and then, until ctx ends.
func (c *curve) sample(ctx context.Context) {
	c.note(c.started)
	ticker := time.NewTicker(c.cfg.Every)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			c.note(now)
			if c.cfg.Progress != nil {
				fmt.Fprintf(c.cfg.Progress, "\r%s\x1b[K", c.samples[len(c.samples)-1].line(c.length()))
			}
		case <-ctx.Done():
			if c.cfg.Progress != nil {
				fmt.Fprint(c.cfg.Progress, "\r\x1b[K")
			}
			return
		}
	}
}
