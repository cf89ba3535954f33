package bot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"greenroom.dev/greenroom/sdk/go/client"
)

// crowd is all players of a run.
type crowd struct {
	cfg      Config
	api      *client.Client
	clock    clock
	sessions [][]*player
	players  []*player
	measured measured
	started  time.Time
	stopped  time.Time
}

func newCrowd(cfg Config) *crowd {
	c := &crowd{cfg: cfg, api: client.New(cfg.API), clock: newClock(time.Now()), sessions: make([][]*player, cfg.Sessions)}
	for i := range cfg.Players {
		s := i % cfg.Sessions
		p := &player{
			crowd: c, name: fmt.Sprintf("%s%d", cfg.Prefix, i+1), session: s, number: len(c.sessions[s]),
			key: fmt.Sprintf("%s%d", cfg.KeyPrefix, s+1),
		}
		c.sessions[s] = append(c.sessions[s], p)
		c.players = append(c.players, p)
	}
	for _, p := range c.players {
		p.heard = make([]heard, len(c.sessions[p.session]))
	}
	return c
}

// play has the players come one after the other, and returns when ctx has ended and all have stopped moving.
func (c *crowd) play(ctx context.Context) {
	c.started = time.Now()
	var playing sync.WaitGroup
	pace := time.NewTicker(max(c.cfg.Ramp/time.Duration(len(c.players)), time.Microsecond))
	defer pace.Stop()
	for _, p := range c.players {
		playing.Go(func() { p.play(ctx) })
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
	}
	playing.Wait()
	c.stopped = time.Now()
}

func (c *crowd) leave() {
	var leaving sync.WaitGroup
	for _, p := range c.players {
		leaving.Go(p.leave)
	}
	leaving.Wait()
}

func randomName() string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789"
	name := make([]byte, 5)
	for i := range name {
		name[i] = letters[rand.N(len(letters))]
	}
	return string(name)
}
