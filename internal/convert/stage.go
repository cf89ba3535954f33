package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// StageMessageProto makes the link's message of the stage. They share the payload, which nobody changes.
func StageMessageProto(m model.StageMessage) *greenroomv1.StageMessage {
	return &greenroomv1.StageMessage{
		Route: string(m.Route), Space: m.Space, Serial: m.Serial, Name: m.Name, Payload: m.Payload, Retain: m.Retain,
	}
}

// StageMessageModel is the model's message of the stage, likewise.
func StageMessageModel(p *greenroomv1.StageMessage) model.StageMessage {
	return model.StageMessage{
		Route: model.RouteName(p.GetRoute()), Space: p.GetSpace(), Serial: p.GetSerial(), Name: p.GetName(),
		Payload: p.GetPayload(), Retain: p.GetRetain(),
	}
}

// StageMessagesProto makes the link's list of them; nil for an empty one.
func StageMessagesProto(list []model.StageMessage) *greenroomv1.StageMessages {
	if len(list) == 0 {
		return nil
	}
	return &greenroomv1.StageMessages{Messages: each(list, StageMessageProto)}
}

// StageMessagesModel is the model's list.
func StageMessagesModel(p *greenroomv1.StageMessages) []model.StageMessage {
	return each(p.GetMessages(), StageMessageModel)
}
