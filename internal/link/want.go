package link

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

// tell sends a Want if the registry wants something else of the server than it was told. A server whose queue is full
// is told at the next Tick.
func (h *Hub) tell(ctx context.Context, st *stream) {
	server, err := h.cfg.Registry.GetServer(ctx, st.server)
	if err != nil {
		return // it is being forgotten, or ctx ended
	}
	now := tellingOf(server)
	st.mu.Lock()
	defer st.mu.Unlock()
	if now == st.told || now.gen < st.told.gen {
		return
	}
	select {
	case st.out <- &greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Want{Want: wantOf(server)}}:
		st.told = now
	default:
	}
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
