package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// RoomSettingsProto makes the contract's settings; nil when all are their defaults (0).
func RoomSettingsProto(r model.RoomSettings) *greenroomv1.RoomSettings {
	if r == (model.RoomSettings{}) {
		return nil
	}
	return &greenroomv1.RoomSettings{
		Tick:                 DurationProto(r.Tick),
		MaxMessageBytes:      count(r.MaxMessageBytes),
		MaxMessagesPerSecond: count(r.MaxMessagesPerSecond),
		MaxMemberQueueBytes:  count(r.MaxMemberQueueBytes),
		MaxStateBytes:        count(r.MaxStateBytes),
		ResumeWindow:         DurationProto(r.ResumeWindow),
	}
}

// RoomSettingsModel is the model's settings; zero for nil.
func RoomSettingsModel(p *greenroomv1.RoomSettings) model.RoomSettings {
	return model.RoomSettings{
		Tick:                 DurationModel(p.GetTick()),
		MaxMessageBytes:      int(p.GetMaxMessageBytes()),
		MaxMessagesPerSecond: int(p.GetMaxMessagesPerSecond()),
		MaxMemberQueueBytes:  int(p.GetMaxMemberQueueBytes()),
		MaxStateBytes:        int(p.GetMaxStateBytes()),
		ResumeWindow:         DurationModel(p.GetResumeWindow()),
	}
}
