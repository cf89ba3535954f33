package bot

import (
	"time"

	"greenroom.dev/greenroom/sdk/go/client"
)

// seat is a player's connection to its room, whichever transport. It finds its way back by itself.
type seat interface {
	// set keeps a value in the room, owned by the player.
	set(key string, value []byte) error
	// move says where the player stands.
	move(to client.Position) error
	// send tells everybody something.
	send(name string, payload []byte) error
	// waiting is how many messages the room has not acknowledged.
	waiting() int
	// value is a copy of what this player believes a key to be.
	value(key string) []byte
	// look is what this player sees of the others.
	look() sight
	faults() faults
	// over is closed when the seat is lost for good; err then says why.
	over() <-chan struct{}
	err() error
	// leave gives the seat back and waits for everything the seat has started.
	leave()
}

// sight is what a player sees of others, itself included.
type sight struct {
	partial bool              // not everybody is in sight
	players map[string]bool   // those in sight
	places  map[string][]byte // what travels with their positions
}

// shows tells whether a player is to be seen.
func (s *sight) shows(player string) bool { return !s.partial || s.players[player] }

// faults are what a transport itself noticed of its events.
type faults struct{ gaps, duplicates, missed, resyncs uint64 }

// listener is told what a seat receives; calls for one seat never overlap. Bytes are good during the call only.
type listener interface {
	// state: past says that it is not news, but what the room kept.
	state(value []byte, past bool)
	// place: somebody's position; data travels with it.
	place(data []byte)
	event(payload []byte)
	// mayMiss: events may be missing from here on, and the room said so.
	mayMiss()
	// lost: told says that the room asked the player to move.
	lost(told bool, why error)
	// back, after lost: away is since the last message of the old connection.
	back(away time.Duration)
	// refused: the room did not take a message.
	refused(why string)
}
