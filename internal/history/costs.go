package history

import (
	"cmp"
	"context"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// Cost is what a fleet's servers of one kind cost: of one currency, instance type, architecture, spot or not.
type Cost struct {
	Fleet           model.FleetName
	Kind            model.Price // what an hour cost left out: that may have changed on the way
	ServerHours     float64
	IdleServerHours float64
	PlayerHours     float64
	Cost, IdleCost  float64 // in Kind.Currency; 0 where no price was known
}

// PerPlayerHour is the cost of an hour of one player, idle servers in it; 0 without players.
func (c *Cost) PerPlayerHour() float64 {
	if c.PlayerHours == 0 {
		return 0
	}
	return c.Cost / c.PlayerHours
}

// Costs answers what fleets cost from since to until, by fleet, and how long of that was recorded. The past is priced in
// whole steps: those that began within.
func (r *Recorder) Costs(ctx context.Context, since, until time.Time) (costs []Cost, recorded time.Duration, err error) {
	q := store.HistoryQuery{Subject: model.HistorySubject{Kind: model.HistoryFleet}, Since: since, Until: until}
	records, err := r.Read(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	q.Subject = model.HistorySubject{Kind: model.HistoryTotal}
	total, err := r.Read(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	for i := range total {
		recorded += time.Duration(total[i].Covered) * time.Millisecond
	}
	for i := range records {
		costs = costed(costs, &records[i])
	}
	slices.SortStableFunc(costs, func(a, b Cost) int { return cmp.Compare(a.Fleet, b.Fleet) })
	return costs, recorded, nil
}

// costed adds a record to the costs of its fleet and kind of server.
func costed(costs []Cost, r *model.HistoryRecord) []Cost {
	kind := r.Price
	kind.PerServerHour = 0
	if r.Price.PerServerHour == 0 {
		kind.Currency = "" // of nothing
	}
	i := slices.IndexFunc(costs, func(c Cost) bool { return string(c.Fleet) == r.Subject.Name && c.Kind == kind })
	if i < 0 {
		costs, i = append(costs, Cost{Fleet: model.FleetName(r.Subject.Name), Kind: kind}), len(costs)
	}
	c := &costs[i]
	c.ServerHours += hours(r.ServerTime())
	c.IdleServerHours += hours(r.Idle)
	c.PlayerHours += hours(r.Players)
	c.Cost += r.Price.PerServerHour * hours(r.ServerTime())
	c.IdleCost += r.Price.PerServerHour * hours(r.Idle)
	return costs
}
