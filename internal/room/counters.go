package room

import "sync/atomic"

// Counters are what the rooms of one process did. Any goroutine may read them.
type Counters struct {
	Members    atomic.Int64 // there now, or away and awaited
	Ticks      atomic.Uint64
	LateTicks  atomic.Uint64 // that began half of the shortest tick after they were due
	TickTime   Durations
	Joins      atomic.Uint64 // connections welcomed
	Taken      atomic.Uint64 // messages
	Rejected   atomic.Uint64
	Duplicates atomic.Uint64 // messages sent again that were taken before
	Positions  atomic.Uint64 // taken
	// PositionsRefused were above a member's rate or too large, PositionsLate not newer than the last.
	PositionsRefused atomic.Uint64
	PositionsLate    atomic.Uint64
	Staged           atomic.Uint64 // messages of the stage × rooms
	Encodings        atomic.Uint64 // of a tick for a wire class
	Delivered        atomic.Uint64 // messages × members
	SentBytes        atomic.Uint64 // queued for members, snapshots apart
	DroppedBytes     atomic.Uint64 // of members too slow
	Resyncs          atomic.Uint64
	SlowCloses       atomic.Uint64
	// LogicRefused are messages that a room's logic refused, LogicCorrected positions that it refused or changed, LogicPanics its
	// panics, LogicSlow ticks with logic that took longer than a tick is.
	LogicRefused   atomic.Uint64
	LogicCorrected atomic.Uint64
	LogicPanics    atomic.Uint64
	LogicSlow      atomic.Uint64
}

// Traffic is what the connections of one process carried, over all doors. Any goroutine may use it.
type Traffic struct {
	ReceivedBytes atomic.Uint64
	SentBytes     atomic.Uint64
	SentPackets   atomic.Uint64 // writes to streams, and datagrams
}
