package history

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/trace"
)

// stayOut is how much longer than a trace is looked at, for when those who joined in it left.
const stayOut = 24 * time.Hour

// Trace answers what players did from since to until on some routes, or on all for none, as a trace in steps of a minute,
// 10 minutes or an hour: as fine as so old a past is kept. Its sessions are those that joins with a key began; joins
// without one go wherever there is room. Who was there before since is not in it, nor is the step that is not over yet. A
// trace has no rows where nothing was recorded.
func (r *Recorder) Trace(ctx context.Context, since, until time.Time, routes []model.RouteName) (trace.Trace, error) {
	now := r.cfg.Now()
	step := stepFor(now.Sub(since), since, until, trace.MaxRows)
	q := store.HistoryQuery{Subject: model.HistorySubject{Kind: model.HistoryRoute}, Since: floor(since, step), Until: until.Add(stayOut), Step: step}
	if over := floor(now, step); q.Until.After(over) {
		q.Until = over
	}
	records, err := r.Read(ctx, q)
	if err != nil {
		return trace.Trace{}, err
	}
	asked := map[model.RouteName]bool{}
	for _, name := range routes {
		asked[name] = true
	}
	byRoute, within := map[model.RouteName][]flow{}, records[:0:0]
	for i := range records {
		name := model.RouteName(records[i].Subject.Name)
		if len(asked) > 0 && !asked[name] {
			continue
		}
		byRoute[name] = append(byRoute[name], flowOf(&records[i]))
		if records[i].At.Before(until) {
			within = append(within, records[i])
		}
	}
	stayed := map[model.RouteName][]time.Duration{}
	for name, flows := range byRoute {
		stayed[name] = stays(flows, step)
	}
	return traced(within, step, stayed), nil
}

// flowOf makes a flow of a route's record.
func flowOf(r *model.HistoryRecord) flow {
	f := flow{at: r.At, joins: float64(r.Joins), left: float64(r.Left)}
	if r.Covered > 0 {
		f.players = float64(r.Players) / float64(r.Covered)
	}
	return f
}

// traced makes rows of records, with the stays of each route's records in their order. The first and the last step have a
// row although nobody joined, so that the trace is as long as what was recorded.
func traced(records []model.HistoryRecord, step time.Duration, stayed map[model.RouteName][]time.Duration) trace.Trace {
	t := trace.Trace{Step: step}
	if len(records) == 0 {
		return t
	}
	t.Start = records[0].At
	end := records[len(records)-1].At
	for i := range records {
		r := &records[i]
		name := model.RouteName(r.Subject.Name)
		stay := stayed[name][0]
		stayed[name] = stayed[name][1:]
		edge := r.At.Equal(end) && i == len(records)-1 || i == 0
		if r.Joins == 0 && !edge {
			continue
		}
		t.Rows = append(t.Rows, trace.Row{
			At: r.At, Route: name, Joins: int(min(r.Joins, trace.MaxJoins)),
			Sessions: int(min(r.SessionsKeyed, r.Joins, trace.MaxJoins)), Stay: min(stay, trace.MaxStay),
		})
	}
	return t
}
