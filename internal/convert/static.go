package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

func staticProto(s model.StaticSpec) *greenroomv1.StaticProvider {
	p := &greenroomv1.StaticProvider{Servers: each(s.Servers, staticServerProto), SessionIdle: DurationProto(s.SessionIdle)}
	b := s.Probe
	if b.Kind == model.ProbeDefault && b.Interval+b.Timeout+b.DeadAfter == 0 && b.Threshold == 0 {
		return p
	}
	p.Probe = &greenroomv1.Probe{
		Interval: DurationProto(b.Interval), Timeout: DurationProto(b.Timeout), Threshold: count(b.Threshold),
		DeadAfter: DurationProto(b.DeadAfter),
	}
	switch b.Kind {
	case model.ProbeTCP:
		p.Probe.Kind = &greenroomv1.Probe_Tcp{Tcp: &greenroomv1.TcpProbe{Port: count(b.Port)}}
	case model.ProbeUDP:
		p.Probe.Kind = &greenroomv1.Probe_Udp{Udp: &greenroomv1.UdpProbe{Port: count(b.Port), Payload: b.Payload}}
	case model.ProbeHTTP:
		p.Probe.Kind = &greenroomv1.Probe_Http{Http: &greenroomv1.HttpProbe{Port: count(b.Port), Path: b.Path}}
	}
	return p
}

func staticModel(p *greenroomv1.StaticProvider) model.StaticSpec {
	b := p.GetProbe()
	s := model.StaticSpec{
		Servers: each(p.GetServers(), staticServerModel), SessionIdle: DurationModel(p.GetSessionIdle()),
		Probe: model.Probe{
			Interval: DurationModel(b.GetInterval()), Timeout: DurationModel(b.GetTimeout()),
			Threshold: int(b.GetThreshold()), DeadAfter: DurationModel(b.GetDeadAfter()),
		},
	}
	switch kind := b.GetKind().(type) {
	case *greenroomv1.Probe_Tcp:
		s.Probe.Kind, s.Probe.Port = model.ProbeTCP, int(kind.Tcp.GetPort())
	case *greenroomv1.Probe_Udp:
		s.Probe.Kind, s.Probe.Port, s.Probe.Payload = model.ProbeUDP, int(kind.Udp.GetPort()), kind.Udp.GetPayload()
	case *greenroomv1.Probe_Http:
		s.Probe.Kind, s.Probe.Port, s.Probe.Path = model.ProbeHTTP, int(kind.Http.GetPort()), kind.Http.GetPath()
	}
	return s
}

func staticServerProto(s model.StaticServer) *greenroomv1.StaticServer {
	return &greenroomv1.StaticServer{Name: s.Name, Endpoints: EndpointsProto(s.Endpoints), Capacity: capacityProto(s.Capacity), Linked: s.Linked}
}

func staticServerModel(p *greenroomv1.StaticServer) model.StaticServer {
	return model.StaticServer{Name: p.GetName(), Endpoints: EndpointsModel(p.GetEndpoints()), Capacity: capacityModel(p.GetCapacity()), Linked: p.GetLinked()}
}

func capacityProto(c model.Capacity) *greenroomv1.ServerCapacity {
	if c == (model.Capacity{}) {
		return nil
	}
	return &greenroomv1.ServerCapacity{Sessions: count(c.Sessions), SeatsPerSession: count(c.SeatsPerSession), Seats: count(c.Seats)}
}

func capacityModel(p *greenroomv1.ServerCapacity) model.Capacity {
	return model.Capacity{Sessions: int(p.GetSessions()), SeatsPerSession: int(p.GetSeatsPerSession()), Seats: int(p.GetSeats())}
}

// RegionProto makes the contract's region; nil for nowhere in particular.
func RegionProto(r model.Region) *greenroomv1.Region {
	if r.Name == "" && len(r.Echo) == 0 {
		return nil
	}
	return &greenroomv1.Region{Name: string(r.Name), Echo: r.Echo}
}

// RegionModel is the model's region.
func RegionModel(p *greenroomv1.Region) model.Region {
	return model.Region{Name: model.RegionName(p.GetName()), Echo: p.GetEcho()}
}
