package convert

import (
	"slices"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

func processProto(s model.ProcessSpec) *greenroomv1.ProcessProvider {
	p := &greenroomv1.ProcessProvider{
		Command:    slices.Clone(s.Command),
		Env:        labels(s.Env),
		WorkingDir: s.WorkingDir,
		Ports:      each(s.Ports, portProto),
		StopGrace:  DurationProto(s.StopGrace),
	}
	if s.MemoryMiB != 0 || s.CPUMillis != 0 || s.OpenFiles != 0 {
		p.Resources = &greenroomv1.Resources{
			MemoryMib: count(s.MemoryMiB),
			CpuMillis: count(s.CPUMillis),
			OpenFiles: count(s.OpenFiles),
		}
	}
	return p
}

func processModel(p *greenroomv1.ProcessProvider) model.ProcessSpec {
	return model.ProcessSpec{
		Command:    slices.Clone(p.GetCommand()),
		Env:        labels(p.GetEnv()),
		WorkingDir: p.GetWorkingDir(),
		Ports:      each(p.GetPorts(), portModel),
		MemoryMiB:  int(p.GetResources().GetMemoryMib()),
		CPUMillis:  int(p.GetResources().GetCpuMillis()),
		OpenFiles:  int(p.GetResources().GetOpenFiles()),
		StopGrace:  DurationModel(p.GetStopGrace()),
	}
}

func portProto(s model.Port) *greenroomv1.Port {
	p := &greenroomv1.Port{Name: s.Name, Port: count(s.Number)}
	if s.UDP {
		p.Protocol = greenroomv1.Protocol_PROTOCOL_UDP
	}
	return p
}

func portModel(p *greenroomv1.Port) model.Port {
	return model.Port{
		Name:   p.GetName(),
		Number: int(p.GetPort()),
		UDP:    p.GetProtocol() == greenroomv1.Protocol_PROTOCOL_UDP,
	}
}
