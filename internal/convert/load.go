package convert

import (
	"math"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// LoadProto makes the contract's load; nil of nil.
func LoadProto(l *model.Load) *greenroomv1.ServerLoad {
	if l == nil {
		return nil
	}
	return &greenroomv1.ServerLoad{
		CpuCores: l.CPU, CpuLimitCores: l.CPULimit, MemoryBytes: l.MemoryBytes,
		ReceivedBytesPerSecond: l.Received, SentBytesPerSecond: l.Sent,
	}
}

// LoadModel is what a server said of its load at a time; nil when it did not say, or said what no process can use.
func LoadModel(p *greenroomv1.ServerLoad, at time.Time) *model.Load {
	if p == nil {
		return nil
	}
	l := model.Load{
		At: at, CPU: p.GetCpuCores(), CPULimit: p.GetCpuLimitCores(), MemoryBytes: p.GetMemoryBytes(),
		Received: p.GetReceivedBytesPerSecond(), Sent: p.GetSentBytesPerSecond(),
	}
	for _, v := range []float64{l.CPU, l.CPULimit, l.MemoryBytes, l.Received, l.Sent} {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return nil
		}
	}
	return &l
}

// ConnectionsProto makes the contract's counts of connections.
func ConnectionsProto(c model.Connections) *greenroomv1.ConnectionCounts {
	return &greenroomv1.ConnectionCounts{Admitted: c.Admitted, Resumed: c.Resumed, Refused: c.Refused, Lost: c.Lost}
}

// ConnectionsModel are the model's counts of connections; nil for nil.
func ConnectionsModel(p *greenroomv1.ConnectionCounts) *model.Connections {
	if p == nil {
		return nil
	}
	return &model.Connections{Admitted: p.GetAdmitted(), Resumed: p.GetResumed(), Refused: p.GetRefused(), Lost: p.GetLost()}
}
