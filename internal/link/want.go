package link

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

// tell sends a Want if the registry wants something else of the server than it was told, and its fleet's room settings
// and flags if they changed. A server whose queue is full is told at the next Tick.
func (h *Hub) tell(ctx context.Context, st *stream) {
	server, err := h.cfg.Registry.GetServer(ctx, st.server)
	if err != nil {
		return // it is being forgotten, or ctx ended
	}
	now, room := tellingOf(server), h.roomOf(server.Fleet)
	st.mu.Lock()
	defer st.mu.Unlock()
	if now != st.told && now.gen >= st.told.gen && st.offer(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Want{Want: wantOf(server)}}) {
		st.told = now
	}
	if room != st.room && st.offer(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Room{Room: convert.RoomSettingsProto(room)}}) {
		st.room = room
	}
	st.tellFlags(h.flagsOf(server.Fleet))
}

// offer queues a message if there is room for it.
func (st *stream) offer(m *greenroomv1.LinkResponse) bool {
	select {
	case st.out <- m:
		return true
	default:
		return false
	}
}

// roomOf answers the settings of a fleet's rooms, with defaults.
func (h *Hub) roomOf(fleet model.FleetName) model.RoomSettings {
	f, _ := h.cfg.Fleet(fleet)
	return f.Spec.Room.WithDefaults()
}

func tellingOf(s model.Server) told {
	t := told{gen: s.Generation, state: s.State}
	if s.Drain != nil {
		t.drain = *s.Drain
	}
	return t
}

// wantOf puts a server's state in the words of the link: one that is given up is to be empty and stop.
func wantOf(s model.Server) *greenroomv1.Want {
	state := s.State
	if state.Terminal() {
		state = model.ServerEmpty
	}
	return convert.WantProto(state, s.Reason, s.Drain)
}
