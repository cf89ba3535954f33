package link

import (
	"slices"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

// flagsOf answers a fleet's feature flags, which are not to be changed.
func (h *Hub) flagsOf(fleet model.FleetName) []model.Flag {
	f, _ := h.cfg.Fleet(fleet)
	return f.Spec.Flags
}

// tellFlags tells a server its fleet's flags, if they are others than it was told. st.mu is held.
func (st *stream) tellFlags(flags []model.Flag) {
	if slices.Equal(flags, st.flags) {
		return
	}
	m := &greenroomv1.Flags{Flags: convert.FlagsProto(flags)}
	if st.offer(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Flags{Flags: m}}) {
		st.flags = flags
	}
}
