package main

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"greenroom.dev/greenroom/sdk/go/room"
)

// The rules.
const (
	reach      = 1.0 // metres at which a player is tagged
	noTagBacks = 3 * time.Second
	roundTime  = time.Minute
	cheating   = room.FirstStopCode // the close code of who was kicked
)

// What the game tells:
//
//	state  it              the player who is it
//	state  round           {"number": 3, "ends": 187.5}, in seconds of the room's time
//	state  score/{player}  how many it tagged in this round; the player's own, gone with it
//	event  tagged          {"by": "ann", "who": "bob"}
//	event  round           {"number": 3, "best": "ann", "tags": 4}, when it is over
//	signal warning         a sentence, to who moves as nobody can
type tag struct {
	room.Base
	arena *arena
	game
}

// game is all that is to be kept when the room moves.
type game struct {
	It    room.MemberID            `json:"it"` // 0: nobody is here
	Safe  room.MemberID            `json:"safe"`
	Until time.Duration            `json:"until"` // Safe cannot be tagged
	Round int                      `json:"round"`
	Ends  time.Duration            `json:"ends"`
	Who   map[room.MemberID]*scene `json:"who"`
}

// scene is a player's part.
type scene struct {
	stride
	Tags int `json:"tags"`
}

func newTag(room.Session) room.Logic {
	return &tag{arena: &yard, game: game{Who: map[room.MemberID]*scene{}}}
}

// Start begins the first round.
func (g *tag) Start(r *room.Room) {
	r.TickEvery(r.TickLength())
	g.nextRound(r)
}

// Join puts a player somewhere. The first one is it.
func (g *tag) Join(r *room.Room, m room.Member) error {
	g.Who[m.ID] = &scene{stride: stride{At: r.Now()}}
	g.score(r, m, 0)
	if g.It == 0 {
		g.setIt(r, m)
	}
	return r.Move(m.ID, g.arena.somewhere(r.Random()))
}

// Leave passes it on if it was it who left.
func (g *tag) Leave(r *room.Room, m room.Member) {
	delete(g.Who, m.ID)
	if g.It != m.ID {
		return
	}
	g.It = 0
	if n := r.Count(); n > 0 {
		chosen := r.Random().IntN(n)
		for next := range r.Members() {
			if chosen--; chosen < 0 {
				g.setIt(r, next)
				return
			}
		}
	}
	_ = r.DeleteState("it")
}

// Move holds a player to what legs can do.
func (g *tag) Move(r *room.Room, m room.Member, to *room.Position) error {
	who := g.Who[m.ID]
	at, wrong := who.step(g.arena, m.Position, *to, r.Now())
	*to = at
	switch {
	case wrong == nil:
		who.Warned = who.Warned && who.Strikes > 0
	case who.Strikes >= kickAt:
		_ = r.KickWith(m.ID, room.CloseWith{Code: cheating, Reason: "nobody moves like that"})
	case who.Strikes >= warnAt && !who.Warned:
		who.Warned = true
		_ = r.SendSignal(m.ID, "warning", []byte(wrong.Error()))
	}
	return nil
}

// State refuses: what there is to know, the game says.
func (g *tag) State(*room.Room, room.Member, *room.State) error {
	return errors.New("players set nothing in this game")
}

// Event refuses all but chat.
func (g *tag) Event(_ *room.Room, _ room.Member, e *room.Event) error {
	if e.Name != "chat" {
		return errors.New("players say nothing but chat in this game")
	}
	return nil
}

// Tick tags whoever it can reach, and ends rounds.
func (g *tag) Tick(r *room.Room, _ time.Duration) {
	if it, ok := r.Member(g.It); ok && !it.Away {
		if who, ok := g.reached(r, it); ok {
			g.tag(r, it, who)
		}
	}
	if r.Now() >= g.Ends {
		g.endRound(r)
		g.nextRound(r)
	}
}

// reached is the nearest player within reach of it.
func (g *tag) reached(r *room.Room, it room.Member) (nearest room.Member, ok bool) {
	least := reach
	for m := range r.Members() {
		if m.ID == it.ID || m.ID == g.Safe && r.Now() < g.Until {
			continue
		}
		if d := it.Position.Distance(m.Position); d <= least && (!ok || d < least) {
			nearest, least, ok = m, d, true
		}
	}
	return nearest, ok
}

func (g *tag) tag(r *room.Room, it, who room.Member) {
	tags := g.Who[it.ID]
	tags.Tags++
	g.score(r, it, tags.Tags)
	tell(r, "tagged", map[string]any{"by": it.Player, "who": who.Player})
	g.Safe, g.Until = it.ID, r.Now()+noTagBacks
	g.setIt(r, who)
}

func (g *tag) endRound(r *room.Room) {
	var best room.Member
	most := 0
	for m := range r.Members() {
		if tags := g.Who[m.ID].Tags; tags > most {
			best, most = m, tags
		}
	}
	tell(r, "round", map[string]any{"number": g.Round, "best": best.Player, "tags": most})
	for m := range r.Members() {
		g.Who[m.ID].Tags = 0
		g.score(r, m, 0)
	}
}

func (g *tag) nextRound(r *room.Room) {
	g.Round++
	g.Ends = r.Now() + roundTime
	set(r, "round", map[string]any{"number": g.Round, "ends": g.Ends.Seconds()})
}

func (g *tag) setIt(r *room.Room, m room.Member) {
	g.It = m.ID
	_ = r.SetState("it", []byte(m.Player))
}

func (g *tag) score(r *room.Room, m room.Member, tags int) {
	_ = r.SetStateOf(m.ID, "score/"+m.Player, []byte(strconv.Itoa(tags)))
}

// Freeze keeps the game, Restore goes on with it.
func (g *tag) Freeze(*room.Room) ([]byte, error) { return json.Marshal(g.game) }

// Restore implements room.Logic.
func (g *tag) Restore(_ *room.Room, state []byte) error { return json.Unmarshal(state, &g.game) }

// What the game tells is small and well-named, so that only a full room refuses it, and then the game goes on without.

func set(r *room.Room, key string, value any) {
	text, _ := json.Marshal(value)
	_ = r.SetState(key, text)
}

func tell(r *room.Room, event string, payload any) {
	text, _ := json.Marshal(payload)
	_ = r.SendEvent(event, text)
}
