package room

import (
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Logic is a room's game: it is asked about all that members do, and acts in the room by its Authority. All its methods are
// called by the room's goroutine, one at a time, and must not block: while one runs, the room stands still. A panic in one is
// told to Hooks.Fault and counted, what it was about is dropped, and what it had done before stays done; the
// (MaxLogicPanics+1)th within LogicPanicWindow ends the room.
type Logic interface {
	// Start comes before everything else in a room that Restore did not begin. A panic in it ends the room.
	Start(a *Authority)
	// Restore goes on with what Freeze gave in an earlier life of the room. The members are those of then, away until they come
	// back, and are not joined again. An error refuses the room.
	Restore(a *Authority, state []byte) error
	// Join is a new member that is connected and not yet shown to anybody. A refusal closes it and gives its seat back.
	Join(a *Authority, m MemberInfo) *Refusal
	// Leave is a member that is in the room no more. If it was Away, it did not come back in time or was kicked.
	Leave(a *Authority, m MemberInfo)
	// Message is a member's message before the room takes it; Message.Kind says which. It may change Flags, TTL, Name, Value, the
	// targets and Position. A sentence refuses it: the member is told, and of a position, where it stands instead.
	Message(a *Authority, from MemberInfo, m *Message) (refused string)
	// Tick comes as Authority.TickEvery asked, after the messages of the room's tick. dt is the time since the last one.
	Tick(a *Authority, dt time.Duration)
	// Freeze gives the state for Restore, at most MaxLogicBytes; it is the room's from then on. It is called for periodic
	// copies too and changes nothing.
	Freeze(a *Authority) []byte
	// Ended is the last call. moved: the room goes on elsewhere with what Freeze gave.
	Ended(a *Authority, moved bool)
}

// Bounds of a room's logic.
const (
	MaxLogicPanics   = 10          // more within LogicPanicWindow end the room
	LogicPanicWindow = time.Minute // counted from the first of them
	MaxLogicBytes    = 1 << 20     // of what Freeze gives; with the kept states it must fit MaxFrozenBytes
	SlowLogicEvery   = time.Minute // between two reports of ticks that took longer than the room's tick
	maxFaultStack    = 4 << 10     // bytes of a panic's stack in a Fault
)

// MemberInfo is a member as its room's logic sees it. Data of Position belongs to the room.
type MemberInfo struct {
	ID       uint64
	Player   string
	Away     bool // its connection is lost, its seat is kept
	Placed   bool // it has a Position
	Position wire.Position
}

// Fault is what went wrong in a room's logic.
type Fault struct {
	In    string        // which call: start, restore, join, leave, message, tick, freeze or ended
	What  string        // of a panic, what it said; of Freeze, why its bytes are of no use
	Stack string        // of a panic
	Took  time.Duration // the slowest tick since the last report; 0: it is another fault
	Slow  uint64        // how many ticks were too slow since the last report
}
