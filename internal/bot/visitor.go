package bot

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/sdk/go/client"
)

// visitor is one player of a curve: it joins, moves about now and then, and leaves when its time is over.
type visitor struct {
	curve *curve
	visit visit
	name  string
	key   string // asked for; "": none

	room   *client.Room
	home   string        // the session it sits in: route and key
	serial atomic.Uint64 // of its last move
	x, y   float64
	buffer []byte
}

func (v *visitor) stateKey() string { return "pos/" + v.name }

// run is the player's life. It ends early with ctx.
func (v *visitor) run(ctx context.Context) {
	staying, over := context.WithTimeout(ctx, v.visit.stay)
	defer over()
	if !v.enter(ctx) {
		return
	}
	v.curve.sit(v)
	v.x, v.y = demoSide*rand.Float64(), demoSide*rand.Float64()
	step := time.Duration(float64(time.Second) / v.curve.cfg.Hz)
	v.move() // so that others see it
	for next := rand.N(step); wait(staying, next); next = step {
		select {
		case <-v.room.Done():
			v.curve.tally.fail(v.curve.cfg.Logger, "player lost the room", v.name, v.room.Err())
			v.curve.rise(v)
			return
		default:
			v.move()
		}
	}
	v.settle()
	v.curve.rise(v)
	v.room.Leave()
}

// enterTimeout bounds how long the room of a seat may take to be entered.
const enterTimeout = 10 * time.Second

// enter joins and enters, and says how long that took. Who has a seat takes it even if ctx ends meanwhile: it is then given
// back as by everybody else.
func (v *visitor) enter(ctx context.Context) bool {
	t := &v.curve.tally
	began := time.Now()
	joined, err := v.join(ctx, v.key)
	called := time.Now()
	if err == nil {
		taking, cancel := context.WithTimeout(context.WithoutCancel(ctx), enterTimeout)
		defer cancel()
		err = v.take(taking, joined)
	}
	if err != nil {
		if ctx.Err() == nil {
			t.refused(v.curve.since(began))
			t.fail(v.curve.cfg.Logger, "player did not get in", v.name, err)
		}
		return false
	}
	v.home = joined.GetRoute() + "/" + joined.GetKey()
	t.seated(v.curve.since(began), called.Sub(began), time.Since(began), joined.GetWaited().AsDuration())
	return true
}

func (v *visitor) join(ctx context.Context, key string) (*greenroomv1.JoinResponse, error) {
	joined, err := v.curve.api.Join(ctx, string(v.visit.route), key, v.name)
	if err != nil {
		return nil, fmt.Errorf("join %s as %s: %w", v.visit.route, v.name, err)
	}
	return joined, nil
}

// take enters the room that a join led to. It is found again by the session's key, whether or not one was asked for.
func (v *visitor) take(ctx context.Context, joined *greenroomv1.JoinResponse) error {
	options := client.Options{
		HTTP: v.curve.cfg.API.HTTP, Endpoint: v.curve.cfg.Transport,
		Rejoin:  func(ctx context.Context) (*greenroomv1.JoinResponse, error) { return v.join(ctx, joined.GetKey()) },
		Handler: client.Handler{State: v.heard, Status: v.moved, Reject: v.rejected},
	}
	place, err := client.PlaceOf(joined, v.curve.cfg.Transport, v.name)
	if err != nil {
		return err
	}
	v.room, err = client.Enter(ctx, place, options)
	return err
}

// heard, moved and rejected are told by the room.
func (v *visitor) heard(change client.StateChange) {
	if !change.Past && !change.Deleted {
		v.curve.tally.delivered.Add(1)
	}
}

func (v *visitor) moved(change client.StatusChange) {
	t := &v.curve.tally
	switch {
	case change.Status == client.Open && change.Away > 0:
		t.rejoined.Add(1)
	case change.Status == client.Reconnecting && change.Told:
		t.moved.Add(1)
	case change.Status == client.Reconnecting:
		t.disconnected.Add(1)
		v.curve.cfg.Logger.Info("player was disconnected", "player", v.name, "session", v.home, "reason", change.Err)
	}
}

func (v *visitor) rejected(r client.Rejection) {
	v.curve.tally.fail(v.curve.cfg.Logger, "message was refused", v.name, fmt.Errorf("code %d: %s", r.Code, r.Sentence))
}

// move goes somewhere near and says so.
func (v *visitor) move() {
	v.x = math.Mod(v.x+100*rand.Float64(), demoSide)
	v.y = math.Mod(v.y+100*rand.Float64(), demoSide)
	v.buffer = position(v.buffer[:0], v.x, v.y, v.serial.Load()+1, v.curve.clock.ms(time.Now()), v.curve.cfg.ValueBytes)
	if _, err := v.room.SetState(v.stateKey(), v.buffer, client.Retain|client.Owned); err == nil {
		v.serial.Add(1)
		v.curve.tally.sent.Add(1)
	}
}

// settle waits until the player sees all others of its session, and itself, where they last said to be, cfg.Settle
// at most, and counts those that it does not. Who leaves meanwhile does not count.
func (v *visitor) settle() {
	owed := map[*visitor]uint64{}
	for _, other := range v.curve.beside(v) {
		owed[other] = other.serial.Load()
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for deadline := time.Now().Add(v.curve.cfg.Settle); ; <-ticker.C {
		v.forgive(owed)
		if len(owed) == 0 || time.Now().After(deadline) {
			v.curve.tally.lostState.Add(uint64(len(owed)))
			return
		}
	}
}

// forgive takes those away that are seen as they should be, are out of sight, or have left.
func (v *visitor) forgive(owed map[*visitor]uint64) {
	members := v.room.Members()
	partial := v.room.Occupancy() > len(members)
	inSight := map[string]bool{}
	for _, player := range members {
		inSight[player] = true
	}
	for other, serial := range owed {
		state, _ := v.room.Get(other.stateKey())
		seen, _ := field(state.Value, `"n":`)
		if uint64(seen) >= serial || partial && !inSight[other.name] || !v.curve.sits(other) {
			delete(owed, other)
		}
	}
}
