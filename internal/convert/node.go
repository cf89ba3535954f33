package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// NodeLeaveProto makes the contract's notice.
func NodeLeaveProto(l model.NodeLeave) *greenroomv1.NodeLeave {
	return &greenroomv1.NodeLeave{
		NoticedAt: TimeProto(l.NoticedAt), DeadlineAt: TimeProto(l.DeadlineAt), Reason: l.Reason, ByProvider: l.ByProvider,
	}
}

// NodeProto makes the contract's node of the servers that are on it; nil: it stays.
func NodeProto(name string, servers []model.Server, leave *model.NodeLeave) *greenroomv1.Node {
	n := &greenroomv1.Node{Name: name}
	for i := range servers {
		s := &servers[i]
		n.Servers++
		n.Sessions += count(s.Sessions)
		n.Players += count(s.SeatsReserved + s.SeatsClaimed)
		if last := len(n.Fleets) - 1; last < 0 || n.Fleets[last] != string(s.Fleet) {
			n.Fleets = append(n.Fleets, string(s.Fleet))
		}
	}
	if leave != nil {
		n.Leave = NodeLeaveProto(*leave)
	}
	return n
}
