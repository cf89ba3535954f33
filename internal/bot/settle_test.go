package bot

import (
	"testing"
	"time"
)

// mindSeat believes what it is given.
type mindSeat struct {
	seat
	believes map[string]string
	sees     sight
	unsent   int
}

func (s mindSeat) value(key string) []byte { return []byte(s.believes[key]) }
func (s mindSeat) look() sight             { return s.sees }
func (s mindSeat) waiting() int            { return s.unsent }
func (s mindSeat) faults() faults          { return faults{} }

// threesome are players of one session who agree; the third never said a word.
func threesome(t *testing.T) *crowd {
	cfg, err := Config{Route: "r", Sessions: 1, Players: 3, Hz: 1, Prefix: "p", Settle: time.Millisecond}.check()
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(cfg)
	for i, p := range c.players {
		p.seat = mindSeat{believes: map[string]string{"pos/p1": "a", "pos/p2": "b"}}
		p.in.Store(true)
		p.wrote = [][]byte{[]byte("a"), []byte("b"), nil}[i]
	}
	return c
}

func TestSettleCountsWhatDiffers(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(c *crowd)
		want uint64
	}{
		{"all agree", func(*crowd) {}, 0},
		{"one sees an old value", func(c *crowd) { c.players[2].seat.(mindSeat).believes["pos/p1"] = "old" }, 1},
		{"one misses a key", func(c *crowd) { delete(c.players[0].seat.(mindSeat).believes, "pos/p2") }, 1},
		{"a player's last word reached nobody", func(c *crowd) { c.players[1].wrote = []byte("later") }, 3},
		{"one is away", func(c *crowd) { c.players[0].in.Store(false) }, 2},
		{"one never got in", func(c *crowd) { c.players[2].seat = nil; c.players[2].in.Store(false) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := threesome(t)
			test.harm(c)
			c.settle()
			if got := c.measured.lostState.Load(); got != test.want {
				t.Fatalf("lost state %d, want %d", got, test.want)
			}
		})
	}
}

// TestSettleKnowsWhoIsInSight: in a room with an area of interest nobody is blamed for not seeing who is far away, and with
// positions those are compared.
func TestSettleKnowsWhoIsInSight(t *testing.T) {
	c := threesome(t)
	c.players[0].seat = mindSeat{sees: sight{partial: true, players: map[string]bool{"p1": true, "p3": true}}, believes: map[string]string{"pos/p1": "a"}}
	if n := differing(c.players, false); n != 0 {
		t.Errorf("%d states differ where one player is out of sight", n)
	}
	c.cfg.Positions = true
	places := map[string][]byte{"p1": []byte("a"), "p2": []byte("b")}
	for _, p := range c.players {
		p.seat = mindSeat{sees: sight{places: places}}
	}
	if n := differing(c.players, false); n != 0 {
		t.Errorf("%d positions differ where all agree", n)
	}
	delete(places, "p2")
	if n := differing(c.players, false); n != 3 {
		t.Errorf("%d positions differ where nobody knows one, want 3", n)
	}
}

func TestSettleWaitsForAcknowledgements(t *testing.T) {
	c := threesome(t)
	if !c.agreed() {
		t.Fatal("players who agree do not")
	}
	c.players[0].seat = mindSeat{believes: c.players[0].seat.(mindSeat).believes, unsent: 1}
	if c.agreed() {
		t.Fatal("agreed although a message is not acknowledged")
	}
}

func TestEventsAreCounted(t *testing.T) {
	type want struct{ gaps, twice, missed uint64 }
	for _, test := range []struct {
		name string
		hear func(p *player)
		want want
	}{
		{"in order, from wherever the player came in", func(p *player) { say(p, 1, 5, 6, 7) }, want{}},
		{"one is missing", func(p *player) { say(p, 1, 5, 7) }, want{gaps: 1}},
		{"one comes twice", func(p *player) { say(p, 1, 5, 5, 6) }, want{twice: 1}},
		{"said again by a speaker who could not know", func(p *player) { say(p, 1, 5, 6); p.event(markAgain(remark(nil, 1, 6, 0))); say(p, 1, 7) }, want{}},
		{"missed, and the room said so", func(p *player) { say(p, 1, 5); p.mayMiss(); say(p, 1, 9, 10) }, want{missed: 3}},
		{"told so once, it covers one gap", func(p *player) { say(p, 1, 5); p.mayMiss(); say(p, 1, 9, 11) }, want{gaps: 1, missed: 3}},
		{"speakers are told apart", func(p *player) { say(p, 0, 1); say(p, 1, 1); say(p, 0, 2); say(p, 1, 3) }, want{gaps: 1}},
		{"guests' events are not ours", func(p *player) { p.event([]byte("hello")); say(p, 77, 1) }, want{}},
		{"the last remark did not come", func(p *player) { say(p, 1, 5); p.crowd.players[1].said.Store(6) }, want{gaps: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := threesome(t)
			p := c.players[0]
			test.hear(p)
			c.settle()
			r := c.report()
			if got := (want{r.Gaps, r.Duplicates, r.Missed}); got != test.want {
				t.Fatalf("counted %+v, want %+v", got, test.want)
			}
		})
	}
}

func say(p *player, speaker int, serials ...uint64) {
	for _, n := range serials {
		p.event(remark(nil, speaker, n, 0))
		if speaker < len(p.crowd.players) {
			p.crowd.players[speaker].said.Store(n)
		}
	}
}
