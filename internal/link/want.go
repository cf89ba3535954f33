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
	now, room := ToldOf(&server), h.roomOf(server.Fleet)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.told.Tells(now) && st.offer(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Want{Want: wantOf(server)}}) {
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

// wantOf puts what is wanted of a server in the words of the link.
func wantOf(s model.Server) *greenroomv1.Want {
	return convert.WantProto(Wanted(&s), s.Reason, s.Drain)
}
