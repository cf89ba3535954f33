package server

import (
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
)

// game makes a session's game; nil: there is none.
func (r *rooms) game(session model.SessionRef) room.Logic {
	if r.logic == nil {
		return nil
	}
	return r.logic(session)
}

// fault logs what went wrong in a room's game.
func (r *rooms) fault(session model.SessionRef, f room.Fault) {
	log := r.log.With("route", string(session.Route), "session", string(session.Key), "in", f.In)
	if f.Slow > 0 {
		log.Warn("the game's ticks take longer than a tick is", "ticks", f.Slow, "slowest", f.Took)
		return
	}
	log.Error("the game failed", "error", f.What, "stack", f.Stack)
}
