package main

import (
	"fmt"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/plot"
)

// figure draws a history: servers behind players, joins and what it cost.
func (cmd *historyCommand) figure(got *greenroomv1.GetHistoryResponse) plot.Figure {
	points, step := got.GetPoints(), got.GetStep().AsDuration()
	draw := func(name, title string, kind plot.Kind) plot.Series {
		return plot.Series{Name: title, Kind: kind, Points: drawn(points, step, columnOf(name).value)}
	}
	f := plot.Figure{
		Title: cmd.subject(), Subtitle: fmt.Sprintf("means over %s", model.Duration(step)), Zone: time.Local, Marks: gaps(points, step),
	}
	if cmd.Route == "" {
		f.Panels = append(f.Panels, plot.Panel{Title: "Servers", Unit: "servers", Series: []plot.Series{
			draw("servers_wanted", "wanted", plot.Band), draw("servers_open", "open", plot.Steps), draw("servers_ready", "ready", plot.Steps),
			draw("servers_starting", "starting", plot.Steps), draw("servers_leaving", "leaving", plot.Steps),
		}})
	}
	f.Panels = append(
		f.Panels,
		plot.Panel{Title: "Players", Unit: "players", Series: []plot.Series{draw("players_max", "most at once", plot.Steps), draw("players", "players", plot.Steps)}},
		plot.Panel{Title: "Sessions", Unit: "sessions", Series: []plot.Series{
			draw("session_slots", "slots on open servers", plot.Band), draw("sessions", "sessions", plot.Steps), draw("sessions_active", "with players", plot.Steps),
		}},
		plot.Panel{Title: "Joins", Unit: "players per " + model.Duration(step), Series: []plot.Series{
			draw("joins", "seated", plot.Steps), draw("waits", "after a wait", plot.Steps), draw("refusals", "refused", plot.Steps),
		}},
	)
	if cmd.Route != "" {
		f.Panels[1].Series = f.Panels[1].Series[1:] // a route has no slots
	}
	if got.GetCurrency() != "" {
		f.Panels = append(f.Panels, plot.Panel{Title: "Cost", Unit: got.GetCurrency() + " an hour", Series: []plot.Series{
			{Name: "all servers", Kind: plot.Steps, Points: drawn(points, step, hourly)},
		}})
	}
	return f
}

// hourly is what an hour cost; steps that were recorded in part cost less than they look.
func hourly(p *greenroomv1.HistoryPoint) float64 {
	if p.GetServerHours() == 0 {
		return 0
	}
	servers := p.GetServersStarting() + p.GetServersReady() + p.GetServersOpen() + p.GetServersLeaving()
	return p.GetCost() / p.GetServerHours() * servers
}

// drawn makes a series of the points, the last held until its step ends.
func drawn(points []*greenroomv1.HistoryPoint, step time.Duration, value func(*greenroomv1.HistoryPoint) float64) (out []plot.Point) {
	for _, p := range points {
		out = append(out, plot.Point{At: p.GetAt().AsTime(), Value: value(p)})
	}
	last := out[len(out)-1]
	return append(out, plot.Point{At: last.At.Add(step), Value: last.Value})
}

// gaps marks where nothing was recorded: a line is drawn on through it, and means nothing there.
func gaps(points []*greenroomv1.HistoryPoint, step time.Duration) (marks []plot.Mark) {
	for i, p := range points[1:] {
		from, to := points[i].GetAt().AsTime().Add(step), p.GetAt().AsTime()
		if to.After(from) {
			marks = append(marks, plot.Mark{At: from, Label: "not recorded"}, plot.Mark{At: to, Label: "recorded"})
		}
	}
	const most = 8 // so many labels can be read
	return marks[:min(len(marks), most)]
}
