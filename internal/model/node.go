package model

import "time"

// NodeLeave is the notice that a machine goes away.
type NodeLeave struct {
	Node       string
	NoticedAt  time.Time
	DeadlineAt time.Time // zero: the fleets' own drain deadlines
	Reason     string    // "spot", "maintenance", or what was said
	ByProvider bool
}
