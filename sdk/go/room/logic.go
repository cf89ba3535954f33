package room

import "time"

// Logic is a game: the rules of one room. The room calls its methods one at a time, so that they need no lock, and waits for
// each: they must not block, and a slow one makes everybody wait (ticks that took too long are counted and logged). What
// takes longer belongs into Room.Go.
//
// A panic is logged with the room's name and counted; what the call was about is dropped — a message is refused, a join
// turned away — and the room goes on. More than ten within a minute end the room; other rooms go on.
//
// Embed Base and write the methods that matter.
type Logic interface {
	// Start comes first in a new room; nobody is there yet. In a room that goes on after a hand-over or a crash, Restore comes
	// instead.
	Start(r *Room)

	// Join lets a new member in, or not: an error is the sentence that it is turned away with. A *CloseWith says with which
	// close code, too. The member is connected and can be told things, moved and given states. Members who come
	// back after their connection was lost, or after a hand-over, never left and are not joined again.
	Join(r *Room, m Member) error

	// Leave is a member that is not in the room any more: it left, did not come back in time (then it was Away) or was removed. Its
	// owned states are gone.
	Leave(r *Room, m Member)

	// State is a member that sets or deletes a key. An error refuses it, and the member is told; changes to *s are what the room
	// takes instead. Keys that the room set are refused without asking. s is good during the call. The same goes for
	// the next two.
	State(r *Room, from Member, s *State) error

	// Event is a member that tells everybody something.
	Event(r *Room, from Member, e *Event) error

	// Signal is a member that tells some members something; without any, it is for the game alone.
	Signal(r *Room, from Member, s *Signal) error

	// Move is a member that says where it is now; m.Position is where it was, if m.Placed. With an error it stays there; changes to
	// *to are where it is put instead. Both are told to the member, who must obey. It is called at most once a tick for each
	// member; positions may be lost on the way.
	Move(r *Room, m Member, to *Position) error

	// Tick comes as Room.TickEvery asked, after all that players sent. dt is the time since the last Tick.
	Tick(r *Room, dt time.Duration)

	// Freeze gives the game's own state, at most 1 MiB, for the next server to go on with: in a hand-over, and from time to time
	// for the case of a crash. States, members, positions, Now, Random and TickEvery are kept by the room. It changes nothing.
	Freeze(r *Room) ([]byte, error)

	// Restore goes on with what Freeze gave, in a game fresh from Options.New. The members are there, but Away until they have
	// come over. An error refuses the room, and it is tried elsewhere.
	Restore(r *Room, state []byte) error

	// Ended is the last call. moved: the room goes on elsewhere.
	Ended(r *Room, moved bool)
}

// Base is a game without rules: everything passes, nothing is kept, as in the built-in room. Embed it.
type Base struct{}

var _ Logic = Base{}

// Start does nothing.
func (Base) Start(*Room) {}

// Join lets everybody in.
func (Base) Join(*Room, Member) error { return nil }

// Leave does nothing.
func (Base) Leave(*Room, Member) {}

// State lets it pass.
func (Base) State(*Room, Member, *State) error { return nil }

// Event lets it pass.
func (Base) Event(*Room, Member, *Event) error { return nil }

// Signal lets it pass.
func (Base) Signal(*Room, Member, *Signal) error { return nil }

// Move lets it pass.
func (Base) Move(*Room, Member, *Position) error { return nil }

// Tick does nothing.
func (Base) Tick(*Room, time.Duration) {}

// Freeze gives nothing.
func (Base) Freeze(*Room) ([]byte, error) { return nil, nil }

// Restore takes nothing.
func (Base) Restore(*Room, []byte) error { return nil }

// Ended does nothing.
func (Base) Ended(*Room, bool) {}
