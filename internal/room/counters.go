package room

import (
	"sync/atomic"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Counters are what the rooms of one process did, and whatever they did not take or deliver. Any goroutine may read them.
type Counters struct {
	Members   atomic.Int64 // there now, or away and awaited
	Ticks     atomic.Uint64
	LateTicks atomic.Uint64 // that began half of the shortest tick after they were due
	TickTime  Durations
	Encodings atomic.Uint64 // of a tick for a wire class
	Delivered atomic.Uint64 // messages × members
	SentBytes atomic.Uint64 // queued for members, snapshots apart

	Staged atomic.Uint64 // messages of the stage × rooms

	Joins        atomic.Uint64 // connections welcomed
	JoinsRefused atomic.Uint64 // full, the seat was released, or the logic refused
	Unrecovered  atomic.Uint64 // of Joins: came back, and events were lost meanwhile

	Taken      atomic.Uint64 // messages
	Duplicates atomic.Uint64 // sent again though they were taken before
	Rejected   atomic.Uint64 // messages, for one of the following reasons

	RejectedRate   atomic.Uint64 // above a member's messages a second
	RejectedBytes  atomic.Uint64 // above its bytes a second
	RejectedBusy   atomic.Uint64 // the inbox was full
	RejectedSize   atomic.Uint64 // longer than a message may be
	RejectedName   atomic.Uint64 // not a key or name
	RejectedFull   atomic.Uint64 // the room's state was full
	RejectedCheck  atomic.Uint64 // the key was at another version
	RejectedTarget atomic.Uint64 // a signal to somebody who is not a member
	LogicRefused   atomic.Uint64 // the room's logic did

	Positions        atomic.Uint64 // taken
	PositionsRefused atomic.Uint64 // above a member's rates, or too large
	PositionsLate    atomic.Uint64 // not newer than the last

	SignalsMissed atomic.Uint64 // their member was away
	Unanswered    atomic.Uint64 // pings above a member's rate
	Floods        atomic.Uint64 // connections to be closed because they went on above their rates

	DroppedBytes atomic.Uint64 // queued for members too slow for them
	Resyncs      atomic.Uint64 // snapshots to such
	SlowCloses   atomic.Uint64 // connections closed because it happened again

	LogicCorrected atomic.Uint64 // positions that a room's logic refused or changed
	LogicPanics    atomic.Uint64
	LogicSlow      atomic.Uint64 // ticks with logic that took longer than a tick is
}

// Traffic is what the connections of one process carried, over all doors. Any goroutine may use it.
type Traffic struct {
	ReceivedBytes atomic.Uint64
	SentBytes     atomic.Uint64
	SentPackets   atomic.Uint64 // writes to streams, and datagrams
}

// reject counts a message that was not taken. Those above a rate and those the inbox had no room for share a code; where
// they are refused they are told apart.
func (c *Counters) reject(code wire.RejectCode) {
	c.Rejected.Add(1)
	switch code {
	case wire.RejectTooLarge:
		c.RejectedSize.Add(1)
	case wire.RejectBadName:
		c.RejectedName.Add(1)
	case wire.RejectFull:
		c.RejectedFull.Add(1)
	case wire.RejectVersion:
		c.RejectedCheck.Add(1)
	case wire.RejectNoMember:
		c.RejectedTarget.Add(1)
	}
}
