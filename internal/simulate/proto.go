package simulate

import (
	"fmt"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
)

// Proto is the result in the contract's words.
func (r *Result) Proto() *greenroomv1.SimulateResult {
	out := &greenroomv1.SimulateResult{
		Policy: r.Policy, BoundServerHours: r.Bound, ServerHours: r.Hours, IdleServerHours: r.IdleHours, PlayerHours: r.PlayerHours,
		Currency: r.Currency, Cost: r.Cost, CostPerPlayerHour: r.CostPerPlayerHour(),
		Joins: r.Joins, JoinsWaited: r.Waited, JoinsFailed: r.Failed,
		WaitSecondsP50: r.P50.Seconds(), WaitSecondsP99: r.P99.Seconds(), WaitSecondsMax: r.Longest.Seconds(),
		Sessions: r.Sessions, SessionsMoved: r.Moved, Hash: fmt.Sprintf("%016x", r.Hash),
	}
	for _, p := range r.Points {
		out.Points = append(out.Points, &greenroomv1.SimulatePoint{
			At: convert.TimeProto(p.At), BoundServers: float64(p.Needed), Servers: float64(p.Servers), ServersOpen: float64(p.Open),
			Sessions: float64(p.Sessions), Players: float64(p.Players), Waiting: float64(p.Waiting),
		})
	}
	return out
}
