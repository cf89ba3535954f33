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
		MaxMemberQueueAge:    DurationProto(r.MaxMemberQueueAge),
		MaxBytesPerSecond:    count(r.MaxBytesPerSecond),
		MaxConnectsPerSecond: count(r.MaxConnectsPerSecond),
		HelloTimeout:         DurationProto(r.HelloTimeout),
		IdleTimeout:          DurationProto(r.IdleTimeout),
		HistoryEvents:        count(r.HistoryEvents),
		HistoryBytes:         count(r.HistoryBytes),
		PositionStep:         r.PositionStep,
		Interest:             interestProto(r.Interest),
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
		MaxMemberQueueAge:    DurationModel(p.GetMaxMemberQueueAge()),
		MaxBytesPerSecond:    int(p.GetMaxBytesPerSecond()),
		MaxConnectsPerSecond: int(p.GetMaxConnectsPerSecond()),
		HelloTimeout:         DurationModel(p.GetHelloTimeout()),
		IdleTimeout:          DurationModel(p.GetIdleTimeout()),
		HistoryEvents:        int(p.GetHistoryEvents()),
		HistoryBytes:         int(p.GetHistoryBytes()),
		PositionStep:         p.GetPositionStep(),
		Interest:             interestModel(p.GetInterest()),
	}
}

func interestProto(i model.Interest) *greenroomv1.Interest {
	if i == (model.Interest{}) {
		return nil
	}
	return &greenroomv1.Interest{
		Radius: i.Radius, Nearest: count(i.Nearest), Hysteresis: i.Hysteresis,
		FarRadius: i.FarRadius, FarNearest: count(i.FarNearest), FarEvery: DurationProto(i.FarEvery),
		Refresh: DurationProto(i.Refresh),
	}
}

func interestModel(p *greenroomv1.Interest) model.Interest {
	return model.Interest{
		Radius: p.GetRadius(), Nearest: int(p.GetNearest()), Hysteresis: p.GetHysteresis(),
		FarRadius: p.GetFarRadius(), FarNearest: int(p.GetFarNearest()), FarEvery: DurationModel(p.GetFarEvery()),
		Refresh: DurationModel(p.GetRefresh()),
	}
}
