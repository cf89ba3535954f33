package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

func policyProto(m model.Policy) *greenroomv1.Policy {
	p := &greenroomv1.Policy{Name: m.Name}
	switch {
	case m.Buffer != nil:
		p.Kind = &greenroomv1.Policy_Buffer{Buffer: &greenroomv1.BufferPolicy{
			FreeSessions: count(m.Buffer.FreeSessions), FreePercent: m.Buffer.FreePercent, ReadyServers: count(m.Buffer.ReadyServers),
		}}
	case m.Occupancy != nil:
		p.Kind = &greenroomv1.Policy_Occupancy{Occupancy: &greenroomv1.OccupancyPolicy{Target: m.Occupancy.Target}}
	case m.ActiveSessions != nil:
		p.Kind = &greenroomv1.Policy_ActiveSessions{ActiveSessions: &greenroomv1.ActiveSessionsPolicy{Target: m.ActiveSessions.Target}}
	case m.Load != nil:
		p.Kind = &greenroomv1.Policy_Load{Load: &greenroomv1.LoadPolicy{
			CpuTarget: m.Load.CPUTarget, NetworkBytesPerSecond: m.Load.NetworkTarget,
		}}
	case m.Schedule != nil:
		p.Kind = &greenroomv1.Policy_Schedule{Schedule: scheduleProto(*m.Schedule)}
	case m.External != nil:
		p.Kind = &greenroomv1.Policy_External{External: &greenroomv1.ExternalPolicy{
			Signal: m.External.Signal, Target: m.External.Target, MaxAge: DurationProto(m.External.MaxAge),
		}}
	case m.Trend != nil:
		p.Kind = &greenroomv1.Policy_Trend{Trend: &greenroomv1.TrendPolicy{
			HeadroomPercent: m.Trend.HeadroomPercent, Horizon: DurationProto(m.Trend.Horizon),
		}}
	case m.Forecast != nil:
		p.Kind = &greenroomv1.Policy_Forecast{Forecast: &greenroomv1.ForecastPolicy{
			HeadroomPercent: m.Forecast.HeadroomPercent, Weeks: count(m.Forecast.Weeks),
		}}
	}
	return p
}

func scheduleProto(s model.SchedulePolicy) *greenroomv1.SchedulePolicy {
	return &greenroomv1.SchedulePolicy{
		Window: WindowProto(s.Window), Servers: count(s.Servers), FreeSessions: count(s.FreeSessions),
		ReadyServers: count(s.ReadyServers), Lead: DurationProto(s.Lead),
	}
}

func policyModel(p *greenroomv1.Policy) model.Policy {
	m := model.Policy{Name: p.GetName()}
	switch k := p.GetKind().(type) {
	case *greenroomv1.Policy_Buffer:
		m.Buffer = &model.BufferPolicy{
			FreeSessions: int(k.Buffer.GetFreeSessions()), FreePercent: k.Buffer.GetFreePercent(), ReadyServers: int(k.Buffer.GetReadyServers()),
		}
	case *greenroomv1.Policy_Occupancy:
		m.Occupancy = &model.OccupancyPolicy{Target: k.Occupancy.GetTarget()}
	case *greenroomv1.Policy_ActiveSessions:
		m.ActiveSessions = &model.ActiveSessionsPolicy{Target: k.ActiveSessions.GetTarget()}
	case *greenroomv1.Policy_Load:
		m.Load = &model.LoadPolicy{CPUTarget: k.Load.GetCpuTarget(), NetworkTarget: k.Load.GetNetworkBytesPerSecond()}
	case *greenroomv1.Policy_Schedule:
		m.Schedule = scheduleModel(k.Schedule)
	case *greenroomv1.Policy_External:
		m.External = &model.ExternalPolicy{
			Signal: k.External.GetSignal(), Target: k.External.GetTarget(), MaxAge: DurationModel(k.External.GetMaxAge()),
		}
	case *greenroomv1.Policy_Trend:
		m.Trend = &model.TrendPolicy{HeadroomPercent: k.Trend.GetHeadroomPercent(), Horizon: DurationModel(k.Trend.GetHorizon())}
	case *greenroomv1.Policy_Forecast:
		m.Forecast = &model.ForecastPolicy{HeadroomPercent: k.Forecast.GetHeadroomPercent(), Weeks: int(k.Forecast.GetWeeks())}
	}
	return m
}

func scheduleModel(s *greenroomv1.SchedulePolicy) *model.SchedulePolicy {
	return &model.SchedulePolicy{
		Window: WindowModel(s.GetWindow()), Servers: int(s.GetServers()), FreeSessions: int(s.GetFreeSessions()),
		ReadyServers: int(s.GetReadyServers()), Lead: DurationModel(s.GetLead()),
	}
}
