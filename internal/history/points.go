package history

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// Series is what a subject did, in points of equal length.
type Series struct {
	Step   time.Duration
	Points []Point
	// Currency is that of the points' costs; "" where no price was known, or where there were several currencies: they are
	// never added, and then no point has a cost.
	Currency string
}

// Point is one step; its Price is zero. Steps without a record have no point.
type Point struct {
	model.HistoryRecord
	Cost float64 // of servers that ran in it, at the prices of then
}

// Points answers what a subject did from since to until in at most maxPoints points, 1 or more. The step is the shortest of
// a few round ones that is long enough and that so old a past is kept in; the first point is that in which since lies.
func (r *Recorder) Points(ctx context.Context, subject model.HistorySubject, since, until time.Time, maxPoints int) (Series, error) {
	s := Series{Step: stepFor(r.cfg.Now().Sub(since), since, until, maxPoints)}
	q := store.HistoryQuery{Subject: subject, Since: floor(since, s.Step), Until: until, Step: s.Step}
	records, err := r.Read(ctx, q)
	if err != nil {
		return Series{}, err
	}
	costs := costlier{}
	for i := range records {
		s.add(&records[i], &costs)
	}
	if subject.Kind == model.HistoryTotal { // whose costs are in the fleets' records
		q.Subject = model.HistorySubject{Kind: model.HistoryFleet}
		fleets, err := r.Read(ctx, q)
		if err != nil {
			return Series{}, err
		}
		for i := range fleets {
			costs.add(&fleets[i])
		}
	}
	s.Currency = costs.currency()
	for i := range s.Points {
		s.Points[i].Cost = costs.at(s.Points[i].At)
	}
	return s, nil
}

// add takes a record into the series; those of one step, with several prices, follow each other.
func (s *Series) add(record *model.HistoryRecord, costs *costlier) {
	costs.add(record)
	if n := len(s.Points); n > 0 && s.Points[n-1].At.Equal(record.At) {
		s.Points[n-1].Add(record)
		return
	}
	p := Point{HistoryRecord: *record}
	p.Price = model.Price{}
	s.Points = append(s.Points, p)
}

// steps are those of a series: each holds a whole number of the steps that the past is kept in.
var steps = [...]time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
	3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// stepFor is the shortest step that a past of that age is kept in and that gives at most so many points; beyond a day,
// whole days.
func stepFor(age time.Duration, since, until time.Time, maxPoints int) time.Duration {
	kept := Step
	switch {
	case age > MiddleFor:
		kept = CoarseStep
	case age > FineFor:
		kept = MiddleStep
	}
	points := func(step time.Duration) int {
		return int((until.Sub(floor(since, step)) + step - 1) / step)
	}
	for _, step := range steps {
		if step >= kept && step%kept == 0 && points(step) <= maxPoints {
			return step
		}
	}
	const day = 24 * time.Hour
	step := day
	for points(step) > maxPoints {
		step += day
	}
	return step
}

// costlier adds costs up by time, as long as they are of one currency.
type costlier struct {
	costs      map[time.Time]float64
	currencies map[string]bool
}

func (c *costlier) add(r *model.HistoryRecord) {
	if r.Price.PerServerHour == 0 {
		return
	}
	if c.costs == nil {
		c.costs, c.currencies = map[time.Time]float64{}, map[string]bool{}
	}
	c.costs[r.At] += r.Price.PerServerHour * hours(r.ServerTime())
	c.currencies[r.Price.Currency] = true
}

// currency is the one there was; "" for none or several.
func (c *costlier) currency() string {
	if len(c.currencies) == 1 {
		for one := range c.currencies {
			return one
		}
	}
	return ""
}

func (c *costlier) at(t time.Time) float64 {
	if c.currency() == "" {
		return 0
	}
	return c.costs[t]
}

// hours makes hours of milliseconds.
func hours(ms int64) float64 { return float64(ms) / float64(time.Hour/time.Millisecond) }
