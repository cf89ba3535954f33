package bot

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/sdk/go/client"
)

// sampleEvery: of the positions that arrive, one in this many is asked how long it took.
const sampleEvery = 8

// player is one simulated person.
type player struct {
	crowd   *crowd
	name    string
	key     string // of the session
	session int
	number  int // within the session

	seat      seat // nil until in
	in        atomic.Bool
	delivered atomic.Uint64

	// play's.
	x, y, heading float64
	moves         uint64
	buffer        []byte

	// The last words, for the check: play writes them, settle reads them after play.
	wrote []byte
	said  atomic.Uint64 // events sent so far

	// The seat's calls.
	arrivals uint64
	mu       sync.Mutex
	heard    []heard // by the speaker's number
	gaps     uint64  // events that did not come though nobody said so
	twice    uint64
	missed   uint64
}

// heard is how far one player has heard another.
type heard struct {
	last      uint64
	uncertain bool // events may be missing after last, and the room said so
}

func (p *player) play(ctx context.Context) {
	if err := p.join(ctx); err != nil {
		if ctx.Err() == nil {
			p.crowd.measured.fail(p.crowd.cfg.Logger, "player did not get in", p.name, err)
		}
		return
	}
	p.x, p.y, p.heading = 1000*rand.Float64(), 1000*rand.Float64(), 2*math.Pi*rand.Float64()
	step := time.Duration(float64(time.Second) / p.crowd.cfg.Hz)
	speak := p.crowd.cfg.EventEvery
	nextWords := time.Now().Add(time.Duration(rand.Float64() * float64(speak)))
	// Nobody moves at the same time as everybody else.
	if !wait(ctx, rand.N(step)) {
		return
	}
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for {
		p.move(step)
		if now := time.Now(); speak > 0 && now.After(nextWords) {
			p.speak()
			nextWords = nextWords.Add(speak)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		case <-p.seat.over():
			p.crowd.measured.fail(p.crowd.cfg.Logger, "player lost the room", p.name, p.seat.err())
			return
		}
	}
}

func (p *player) join(ctx context.Context) (err error) {
	start := time.Now()
	if p.crowd.cfg.Transport == MQTT {
		p.seat, err = enterMQTT(ctx, p.crowd, p.key, p.name, p)
	} else {
		p.seat, err = enterRoom(ctx, p.crowd, p.key, p.name, p)
	}
	if err != nil {
		p.seat = nil
		return err
	}
	p.crowd.measured.joined.Add(1)
	p.crowd.measured.joinTime.add(time.Since(start))
	p.in.Store(true)
	return nil
}

// move walks on, turning a little, and says where it is.
func (p *player) move(step time.Duration) {
	const speed = 120 // units a second, of a place 1000 wide
	p.heading += rand.Float64() - 0.5
	length := speed * step.Seconds()
	p.x += length * math.Cos(p.heading)
	p.y += length * math.Sin(p.heading)
	if p.x < 0 || p.x > 1000 || p.y < 0 || p.y > 1000 {
		p.x, p.y = min(max(p.x, 0), 1000), min(max(p.y, 0), 1000)
		p.heading += math.Pi / 2
	}
	value, err := p.tellPlace()
	if !p.sent(err) {
		return
	}
	p.moves++
	p.wrote = append(p.wrote[:0], value...)
	p.crowd.measured.sent.Add(1)
}

// tellPlace says where the player is, and answers what everybody should know of it.
func (p *player) tellPlace() (value []byte, err error) {
	cfg, now := &p.crowd.cfg, p.crowd.clock.ms(time.Now())
	if cfg.Positions {
		value = placeData(p.buffer[:0], p.moves+1, now)
		p.buffer = value
		// The demo's place is 1000 wide; 600 fits positions of 0.01 units.
		return value, p.seat.move(client.Position{X: 0.6*p.x - 300, Y: 0.6*p.y - 300, Yaw: p.heading * 180 / math.Pi, Data: value})
	}
	value = position(p.buffer[:0], p.x, p.y, p.moves+1, now, cfg.ValueBytes)
	p.buffer = value
	return value, p.seat.set(p.stateKey(), value)
}

func (p *player) speak() {
	p.buffer = remark(p.buffer[:0], p.number, p.said.Load()+1, p.crowd.clock.ms(time.Now()))
	if p.sent(p.seat.send("wave", p.buffer)) {
		p.said.Add(1)
		p.crowd.measured.sent.Add(1)
	}
}

// sent: a message that finds no room while the player is away was never said; a seat that is over is told elsewhere.
func (p *player) sent(err error) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, client.ErrFull):
		p.crowd.measured.held.Add(1)
	case !errors.Is(err, client.ErrClosed):
		p.crowd.measured.fail(p.crowd.cfg.Logger, "player could not send", p.name, err)
	}
	return false
}

func (p *player) stateKey() string { return "pos/" + p.name }

func (p *player) leave() {
	if p.seat != nil {
		p.seat.leave()
	}
}

// wait: false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
