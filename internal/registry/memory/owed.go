package memory

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// owe notes that a linked server is to hear of the end of one of its sessions, or of a claimed seat there. Words are lost: whoever
// was to tell it may have died before. It has time from its next report on; see registry.HearsWithin.
func (s *server) owe(ref model.SessionRef) {
	if s.Linkless || !s.Linked {
		return // its next Hello tells
	}
	if s.owed == nil {
		s.owed = map[model.SessionRef]time.Time{}
	}
	if _, already := s.owed[ref]; !already {
		s.owed[ref] = time.Time{}
	}
}

// deaf tells whether the server, which reports, has not heard of something in time as far as anybody knows.
func (s *server) deaf(now time.Time) bool {
	for ref, since := range s.owed {
		switch {
		case since.IsZero():
			s.owed[ref] = now
		case now.Sub(since) >= registry.HearsWithin:
			return true
		}
	}
	return false
}
