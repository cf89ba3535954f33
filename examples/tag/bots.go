package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"greenroom.dev/greenroom/sdk/go/client"
	"greenroom.dev/greenroom/sdk/go/room"
)

const (
	botBeat = 100 * time.Millisecond // between two steps of a bot
	hunter  = 0.9 * topSpeed         // below the top, so that a beat that comes early is no cheating
	prey    = 0.6 * topSpeed         // so that there is something to see
	tries   = 16                     // directions that a bot looks into
)

// bot is a player without a head: it runs from whoever is it, or after the nearest.
type bot struct {
	arena  *arena
	random *rand.Rand
	room   *client.Room
	watch  client.Handler // is told what the bot is

	mu sync.Mutex
	at room.Position
	on bool // it has been put somewhere
}

// play joins n bots to a session and has them run until ctx ends (nil), or until one cannot. watch is told what one of
// them is told.
func play(ctx context.Context, api *client.Client, route, key string, n int, watch client.Handler) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range n {
		b := &bot{arena: &yard, random: rand.New(rand.NewPCG(uint64(i), 1))}
		if i == 0 {
			b.watch = watch
		}
		group.Go(func() error { return b.play(ctx, api, route, key, fmt.Sprintf("bot-%d", i+1)) })
	}
	return group.Wait()
}

func (b *bot) play(ctx context.Context, api *client.Client, route, key, name string) error {
	handler := b.watch
	handler.Corrected = b.put
	joined, err := api.JoinRoom(ctx, route, key, name, client.Options{Handler: handler})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	b.room = joined
	defer joined.Leave()
	beat := time.NewTicker(botBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-joined.Done():
			return fmt.Errorf("%s is out: %w", name, joined.Err())
		case <-beat.C:
			if to, ok := b.step(); ok {
				_ = joined.Move(to)
			}
		}
	}
}

// put is the server's word on where the bot stands.
func (b *bot) put(at client.Position, stands bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.on = room.Position{X: at.X, Y: at.Y}, stands
}

// step is where the bot goes in this beat.
func (b *bot) step() (to client.Position, ok bool) {
	others := b.room.Positions()
	it, _ := b.room.Get("it")
	members := b.room.Members()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.on {
		return client.Position{}, false
	}
	hunts := string(it.Value) == b.room.Player()
	var goal room.Position
	nearest := math.Inf(1)
	for id, p := range others {
		at := room.Position{X: p.X, Y: p.Y}
		if id == b.room.Member() || !hunts && members[id] != string(it.Value) {
			continue
		}
		if d := at.Distance(b.at); d < nearest {
			goal, nearest = at, d
		}
	}
	b.at = b.best(goal, nearest, hunts)
	return client.Position{X: b.at.X, Y: b.at.Y}, true
}

// best looks around and takes the step that comes nearest to the goal, or gets furthest away from it; with nobody to run after
// or from, any.
func (b *bot) best(goal room.Position, away float64, hunts bool) room.Position {
	best, score := b.at, math.Inf(-1)
	way := prey * botBeat.Seconds()
	if hunts {
		way = hunter * botBeat.Seconds()
	}
	for range tries {
		sin, cos := math.Sincos(b.random.Float64() * 2 * math.Pi)
		to := room.Position{X: onGrid(b.at.X + way*cos), Y: onGrid(b.at.Y + way*sin)}
		if !b.arena.open(b.at, to) {
			continue
		}
		s := b.random.Float64()
		if !math.IsInf(away, 1) {
			if s = to.Distance(goal); hunts {
				s = -s
			}
		}
		if s > score {
			best, score = to, s
		}
	}
	return best
}
