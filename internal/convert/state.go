package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// ServerStateProto makes the contract's state. The numbers are the same on both sides.
func ServerStateProto(s model.ServerState) greenroomv1.ServerState { return greenroomv1.ServerState(s) }

// ServerStateModel is the model's state; unknown for one this version does not know.
func ServerStateModel(p greenroomv1.ServerState) model.ServerState {
	if p < 0 || p > greenroomv1.ServerState(model.ServerUnhealthy) {
		return model.ServerStateUnknown
	}
	return model.ServerState(p)
}

// SessionStateProto makes the contract's state. The numbers are the same on both sides.
func SessionStateProto(s model.SessionState) greenroomv1.SessionState {
	return greenroomv1.SessionState(s)
}

// SessionStateModel is the model's state; unknown for one this version does not know.
func SessionStateModel(p greenroomv1.SessionState) model.SessionState {
	if p < 0 || p > greenroomv1.SessionState(model.SessionMoving) {
		return model.SessionStateUnknown
	}
	return model.SessionState(p)
}

// SeatStateProto makes the contract's state. The numbers are the same on both sides.
func SeatStateProto(s model.SeatState) greenroomv1.SeatState { return greenroomv1.SeatState(s) }

// SeatStateModel is the model's state; unknown for one this version does not know.
func SeatStateModel(p greenroomv1.SeatState) model.SeatState {
	if p < 0 || p > greenroomv1.SeatState(model.SeatClaimed) {
		return model.SeatStateUnknown
	}
	return model.SeatState(p)
}
