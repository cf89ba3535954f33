package convert

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// HistoryPointProto makes the contract's point of a record: means of what was so for so long, hours of servers. Its cost is
// left out.
func HistoryPointProto(r model.HistoryRecord) *greenroomv1.HistoryPoint {
	covered := float64(max(r.Covered, 1))
	mean := func(sum int64) float64 { return float64(sum) / covered }
	p := &greenroomv1.HistoryPoint{
		At:            timestamppb.New(r.At),
		ServersWanted: mean(r.Wanted), ServersStarting: mean(r.Starting), ServersReady: mean(r.Ready), ServersOpen: mean(r.Open),
		ServersLeaving: mean(r.Leaving), Sessions: mean(r.Sessions), SessionsActive: mean(r.Active), SessionSlots: mean(r.Slots),
		Players: mean(r.Players), Seats: mean(r.Seats), PlayersMax: float64(r.PlayersMax),
		Joins: counter(r.Joins), SessionsBegun: counter(r.SessionsBegun), Refusals: counter(r.Refusals), Waits: counter(r.Waits),
		WaitSecondsMax: float64(r.WaitMax) / 1e3,
		ServerHours:    hours(r.ServerTime()), IdleServerHours: hours(r.Idle),
	}
	if r.Waits > 0 {
		p.WaitSecondsMean = float64(r.WaitTime) / float64(r.Waits) / 1e3
	}
	return p
}

// DecisionProto makes the contract's decision.
func DecisionProto(d model.Decision) *greenroomv1.Decision {
	return &greenroomv1.Decision{
		Id: d.ID, At: TimeProto(d.At), Fleet: string(d.Fleet), Verb: d.Verb, Reason: d.Reason, Sentence: d.Sentence, Result: d.Result,
		Servers: each(d.Servers, func(id model.ServerID) string { return string(id) }),
	}
}

// hours makes hours of milliseconds.
func hours(ms int64) float64 { return float64(ms) / float64(time.Hour/time.Millisecond) }

func counter(n int64) uint64 { return uint64(max(n, 0)) }
