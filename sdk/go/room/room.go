// Package room is a framework for games whose rules run on the server. A game is a Logic: the room tells it who comes and
// goes and asks it about everything players do, before anybody else sees it; the game lets it pass, changes it or refuses
// it, and acts in the room itself. Doors, late joiners, slow connections, hand-over to another server and copies for the
// case of a crash are the room's business.
//
//	type clicks struct{ room.Base }
//
//	func (clicks) Event(r *room.Room, from room.Member, e *room.Event) error {
//		if e.Name != "click" {
//			return errors.New("this room only counts clicks")
//		}
//		s, _ := r.State("clicks")
//		n, _ := strconv.Atoi(string(s.Value))
//		return r.SetState("clicks", []byte(strconv.Itoa(n+1)))
//	}
//
//	func main() {
//		room.Main(room.Options{New: func(room.Session) room.Logic { return clicks{} }})
//	}
//
// Run is a whole server that Greenroom starts, RunAlone one without Greenroom, Main the right one of both; package roomtest
// plays a game in a test, in virtual time and without sockets.
package room

import (
	"context"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	core "greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Room is what a game may do in its room. It is good during the game's calls only, on the goroutine that calls: at any
// other time its methods do nothing, and answer nothing or ErrOutside. What a game does is told to the players at the
// end of the room's tick, all at once.
type Room struct {
	hand    *core.Authority
	session Session
	began   time.Time // Now is counted from here
	source  *rand.ChaCha8
	random  *rand.Rand
}

// Errors of a Room's methods. Others are sentences that say why the room refuses: the state is full, a value too large, a
// name not allowed.
var (
	ErrOutside  = core.ErrOutside
	ErrNoMember = core.ErrNoMember
	ErrBusy     = core.ErrWorks // of Go
)

// Session names the room.
func (r *Room) Session() Session { return r.session }

// Capacity is how many seats the session has; 0: no bound.
func (r *Room) Capacity() int { return r.hand.Capacity() }

// Flag answers what a feature flag of the server's fleet is for a key, such as a player's name or the session's key: its value,
// and whether the key has it. The same key gets the same answer on every server. A flag may change while the room lives, and a
// room that is played alone has none.
func (r *Room) Flag(name, key string) (value string, on bool) { return r.hand.Flag(name, key) }

// TickLength is the room's beat.
func (r *Room) TickLength() time.Duration { return r.hand.Settings().Tick }

// Now is how long the room has lived: the only clock a game needs. It is the time of the room's tick, the same during all
// calls of a tick; it goes on after a hand-over from where it stood, and after a crash from where the last copy had it.
func (r *Room) Now() time.Duration { return r.hand.Now().Sub(r.began) }

// Random is the room's source of random numbers. It goes on after a hand-over; a simulated room's is always the same.
// Players cannot foresee it.
func (r *Room) Random() *rand.Rand { return r.random }

// Members are those in the room, connected or Away, in order of their coming.
func (r *Room) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for m := range r.hand.Members() {
			if !yield(r.member(&m)) {
				return
			}
		}
	}
}

// Count is how many members there are.
func (r *Room) Count() int { return r.hand.Count() }

// Member answers one member.
func (r *Room) Member(id MemberID) (m Member, ok bool) {
	info, ok := r.hand.Member(uint64(id))
	if !ok {
		return Member{}, false
	}
	return r.member(&info), true
}

// State answers a kept state. Its Value is not to be changed.
func (r *Room) State(key string) (s State, ok bool) {
	kept, ok := r.hand.State(key)
	if !ok {
		return State{}, false
	}
	return stateOf(&kept), true
}

// States are the kept states whose keys begin with prefix, in order.
func (r *Room) States(prefix string) iter.Seq[State] {
	return func(yield func(State) bool) {
		for kept := range r.hand.States() {
			if strings.HasPrefix(kept.Key, prefix) && !yield(stateOf(&kept)) {
				return
			}
		}
	}
}

// SetState sets a key for everybody and for late joiners, until it is set again or deleted. It is the room's: players
// cannot change it. The value belongs to the room from then on. The same goes for the other methods.
func (r *Room) SetState(key string, value []byte) error {
	return r.PutState(State{Key: key, Value: value, Kept: true})
}

// SetStateOf is SetState for a key that goes when the member does.
func (r *Room) SetStateOf(owner MemberID, key string, value []byte) error {
	return r.PutState(State{Key: key, Value: value, Kept: true, Owner: owner, Owned: true})
}

// PutState sets a state with all there is to say about it. Version is given by the room.
func (r *Room) PutState(s State) error {
	return r.hand.SetState(uint64(s.Owner), s.Key, s.Value, s.flags(), s.TTL)
}

// DeleteState deletes a key, whoever set it.
func (r *Room) DeleteState(key string) error {
	return r.hand.SetState(0, key, nil, wire.Retain|wire.Delete, 0)
}

// SendEvent tells everybody something once, in order with all other events.
func (r *Room) SendEvent(name string, payload []byte) error { return r.hand.Event(name, payload) }

// SendSignal tells one member something. A member that is away misses it. Names that begin with "sys/" are the room's own.
func (r *Room) SendSignal(to MemberID, name string, payload []byte) error {
	return r.hand.Signal([]uint64{uint64(to)}, name, payload)
}

// Move puts a member somewhere else, such as where it starts. It is told so, and the others like any move.
func (r *Room) Move(id MemberID, to Position) error {
	return r.hand.Move(uint64(id), to.wire(r.step()))
}

// Kick removes a member once this call is over: its connection is closed for the reason, a sentence, and will not come back by
// itself; then Leave is called. The player may join again. CloseWith gives another close code.
func (r *Room) Kick(id MemberID, reason string) error {
	return r.hand.Kick(uint64(id), wire.CloseRemoved, reason)
}

// KickWith is Kick with a close code of the game's own.
func (r *Room) KickWith(id MemberID, c CloseWith) error {
	return r.hand.Kick(uint64(id), c.code(), c.Reason)
}

// End ends the room for everybody after this tick, for the reason, a sentence. The session is over; who joins it
// again opens a new one.
func (r *Room) End(reason string) { r.hand.End(wire.CloseEnded, reason) }

// Go has work done beside the room, such as asking a database, on a goroutine of its own; what it answers (nil: nothing) is then
// called as a call of the game's. ctx ends 5 s after the room. ErrBusy: 64 works are under way. A hand-over loses the
// answers that are still out; Restore may ask again.
func (r *Room) Go(work func(ctx context.Context) (then func(r *Room))) error {
	return r.hand.Go(func(ctx context.Context) func() {
		then := work(ctx)
		if then == nil {
			return nil
		}
		return func() { then(r) }
	})
}

// TickEvery asks for Tick every so often: at the first tick of the room after that time, so a time below TickLength means at
// every one. 0, as it is in a new room, means never; then a room sleeps while nobody says anything. A hand-over keeps it.
func (r *Room) TickEvery(every time.Duration) {
	if now, _ := r.hand.Beat(); every > 0 && max(every, r.TickLength()) == now {
		return
	}
	r.hand.TickEvery(every, max(every, r.TickLength()))
}

// step is how many units of length a position's step has.
func (r *Room) step() float64 { return r.hand.Settings().PositionStep }
