package room

import "sync/atomic"

// Counters are what the rooms of one process did. Any goroutine may read them.
type Counters struct {
	Ticks        atomic.Uint64
	Joins        atomic.Uint64 // connections welcomed
	Taken        atomic.Uint64 // messages
	Rejected     atomic.Uint64
	Duplicates   atomic.Uint64 // messages sent again that were taken before
	Encodings    atomic.Uint64 // of a tick for a wire class
	Delivered    atomic.Uint64 // messages × members
	SentBytes    atomic.Uint64 // queued for members, snapshots apart
	DroppedBytes atomic.Uint64 // of members too slow
	Resyncs      atomic.Uint64
	SlowCloses   atomic.Uint64
}
