package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"greenroom.dev/greenroom/internal/plot"
	"greenroom.dev/greenroom/internal/simulate"
)

// draw draws what was needed and what there was, for the own policy and of each kind of rival the cheapest that waits no
// more, or else the one that fails and waits the least.
func draw(folder string, h house, in simulate.Input, t *table, results map[string]simulate.Result) error {
	figure := plot.Figure{
		Title:    fmt.Sprintf("Servers that %s needed, and had", h.generator),
		Subtitle: fmt.Sprintf("seed %d · %d joins · %d sessions on a server · servers boot %s · the bound is %.1f server-hours", in.Seed, t.Rows[0].Joins, t.Slots, in.Boot.Time, t.Rows[0].Bound),
		SameY:    true, Zone: in.Trace.Start.Location(),
	}
	for _, x := range t.shown() {
		figure.Panels = append(figure.Panels, panel(x, results[x.Policy].Points))
	}
	for _, e := range in.Events {
		figure.Marks = append(figure.Marks, plot.Mark{At: e.DoorsAt, Label: "doors"}, plot.Mark{At: e.EndsAt, Label: "end"})
	}
	for _, format := range []string{plot.SVG, plot.PNG} {
		var file bytes.Buffer
		if err := plot.Time(&file, format, figure); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, h.generator+"."+format), file.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func panel(x row, points []simulate.Point) plot.Panel {
	needed, had, open := make([]plot.Point, len(points)), make([]plot.Point, len(points)), make([]plot.Point, len(points))
	for i, p := range points {
		needed[i] = plot.Point{At: p.At, Value: float64(p.Needed)}
		had[i] = plot.Point{At: p.At, Value: float64(p.Servers)}
		open[i] = plot.Point{At: p.At, Value: float64(p.Open)}
	}
	return plot.Panel{
		Title: x.Policy, Unit: "servers",
		Note: fmt.Sprintf("%.2f × the bound · %d joins waited, p99 %.1f s, %d failed", x.Ratio, x.Waited, x.P99, x.Failed),
		Series: []plot.Series{
			{Name: "needed by the bound", Kind: plot.Band, Points: needed},
			{Name: "paid for", Kind: plot.Steps, Points: had},
			{Name: "open", Kind: plot.Steps, Points: open},
		},
	}
}
