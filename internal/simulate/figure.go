package simulate

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/plot"
)

// Figure draws results of one demand: the servers of each policy against what is needed, then the demand itself.
func Figure(title string, results []Result, events []model.Event, zone *time.Location) plot.Figure {
	f := plot.Figure{Title: title, Zone: zone}
	for i := range results {
		r := &results[i]
		f.Panels = append(f.Panels, plot.Panel{
			Title: r.Policy, Unit: "servers", Note: r.note(),
			Series: []plot.Series{
				series("needed", plot.Band, r, func(p *Point) int { return p.Needed }),
				series("servers", plot.Steps, r, func(p *Point) int { return p.Servers }),
				series("open", plot.Steps, r, func(p *Point) int { return p.Open }),
			},
		})
	}
	if len(results) > 0 {
		r := &results[0]
		f.Panels = append(f.Panels, plot.Panel{
			Title: "Demand", Unit: "players, sessions", Note: fmt.Sprintf("%d joins, %d sessions", r.Joins, r.Sessions),
			Series: []plot.Series{
				series("players", plot.Band, r, func(p *Point) int { return p.Players }),
				series("sessions", plot.Line, r, func(p *Point) int { return p.Sessions }),
			},
		})
		for _, e := range events {
			if e.DoorsAt.After(r.From) && e.DoorsAt.Before(r.Until) {
				f.Marks = append(f.Marks, plot.Mark{At: e.DoorsAt, Label: string(e.Name)})
			}
		}
	}
	return f
}

func (r *Result) note() string {
	text := fmt.Sprintf("%.1f server-hours, %.2f × the bound", r.Hours, r.Ratio())
	if r.Waited+r.Failed > 0 {
		text += fmt.Sprintf("; %d joins waited (p99 %s), %d failed", r.Waited, r.P99.Round(100*time.Millisecond), r.Failed)
	}
	return text
}

func series(name string, kind plot.Kind, r *Result, of func(*Point) int) plot.Series {
	s := plot.Series{Name: name, Kind: kind, Points: make([]plot.Point, len(r.Points))}
	for i := range r.Points {
		s.Points[i] = plot.Point{At: r.Points[i].At, Value: float64(of(&r.Points[i]))}
	}
	return s
}
