package model

import "time"

// Later is the later of two times; a zero one is before all others.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
