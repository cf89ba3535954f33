package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/plot"
)

// historyCommand says what a fleet, a route or everything did.
type historyCommand struct {
	spanFlags
	Fleet  string `xor:"subject" help:"Of this fleet. Without it, of all together; one that is deleted too." predictor:"fleet"`
	Route  string `xor:"subject" help:"Of this route: what players did." predictor:"route"`
	Points uint32 `default:"300" help:"At most so many steps; how long each is follows from it."`
	Output string `short:"o" enum:"table,json,yaml,csv" default:"table" help:"How to print: ${enum}."`
	Plot   string `help:"Draw it into this file instead, .svg or .png." placeholder:"FILE"`
}

// Help shows examples below the flags.
func (historyCommand) Help() string {
	return `Times at which no control plane ran are gaps, not zeros.

Examples:
  greenroom history --fleet voice --since 7d
  greenroom history --route plaza --since 2026-11-21T18:00 --until 2026-11-21T23:00 -o csv > evening.csv
  greenroom history --fleet voice --plot voice.svg`
}

func (cmd *historyCommand) Run(ctx context.Context, g *Globals, c *console) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(cmd.Plot)), ".")
	if cmd.Plot != "" && format != plot.SVG && format != plot.PNG {
		return usagef("--plot %s: name a file that ends in .svg or .png", cmd.Plot)
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	now := time.Now()
	got, err := api.history.GetHistory(ctx, &greenroomv1.GetHistoryRequest{
		Fleet: cmd.Fleet, Route: cmd.Route, Since: cmd.Since.time(now), Until: cmd.Until.time(now), MaxPoints: cmd.Points,
	})
	if err != nil {
		return err
	}
	switch {
	case cmd.Plot != "":
		if len(got.GetPoints()) < 2 {
			return missingError("there is nothing to draw: fewer than two steps were recorded in that time")
		}
		return writeTo(cmd.Plot, c.out, func(w io.Writer) error { return plot.Time(w, format, cmd.figure(got)) })
	case cmd.Output == "csv":
		return historyCSV(c.out, got)
	}
	return outputFlag{cmd.Output}.print(c, got, func(t *tablePrinter) { cmd.table(t, got) })
}

// subject names what is asked for.
func (cmd *historyCommand) subject() string {
	switch {
	case cmd.Fleet != "":
		return "fleet " + cmd.Fleet
	case cmd.Route != "":
		return "route " + cmd.Route
	default:
		return "all fleets"
	}
}

// historyColumn is one number of a point.
type historyColumn struct {
	name  string
	value func(*greenroomv1.HistoryPoint) float64
	route bool // routes have it too
}

// historyColumns are all of them, as the CSV has them.
var historyColumns = []historyColumn{
	{"servers_wanted", (*greenroomv1.HistoryPoint).GetServersWanted, false},
	{"servers_starting", (*greenroomv1.HistoryPoint).GetServersStarting, false},
	{"servers_ready", (*greenroomv1.HistoryPoint).GetServersReady, false},
	{"servers_open", (*greenroomv1.HistoryPoint).GetServersOpen, false},
	{"servers_leaving", (*greenroomv1.HistoryPoint).GetServersLeaving, false},
	{"sessions", (*greenroomv1.HistoryPoint).GetSessions, true},
	{"sessions_active", (*greenroomv1.HistoryPoint).GetSessionsActive, true},
	{"session_slots", (*greenroomv1.HistoryPoint).GetSessionSlots, false},
	{"players", (*greenroomv1.HistoryPoint).GetPlayers, true},
	{"seats", (*greenroomv1.HistoryPoint).GetSeats, false},
	{"players_max", (*greenroomv1.HistoryPoint).GetPlayersMax, true},
	{"joins", counterOf((*greenroomv1.HistoryPoint).GetJoins), true},
	{"sessions_begun", counterOf((*greenroomv1.HistoryPoint).GetSessionsBegun), true},
	{"refusals", counterOf((*greenroomv1.HistoryPoint).GetRefusals), true},
	{"waits", counterOf((*greenroomv1.HistoryPoint).GetWaits), true},
	{"wait_seconds_mean", (*greenroomv1.HistoryPoint).GetWaitSecondsMean, true},
	{"wait_seconds_max", (*greenroomv1.HistoryPoint).GetWaitSecondsMax, true},
	{"server_hours", (*greenroomv1.HistoryPoint).GetServerHours, false},
	{"idle_server_hours", (*greenroomv1.HistoryPoint).GetIdleServerHours, false},
	{"cost", (*greenroomv1.HistoryPoint).GetCost, false},
}

func counterOf(get func(*greenroomv1.HistoryPoint) uint64) func(*greenroomv1.HistoryPoint) float64 {
	return func(p *greenroomv1.HistoryPoint) float64 { return float64(get(p)) }
}

// historyCSV writes every number of every point.
func historyCSV(w io.Writer, got *greenroomv1.GetHistoryResponse) error {
	header := []string{"time"}
	for _, column := range historyColumns {
		header = append(header, column.name)
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, p := range got.GetPoints() {
		line := []string{p.GetAt().AsTime().Format(time.RFC3339)}
		for _, column := range historyColumns {
			line = append(line, strconv.FormatFloat(column.value(p), 'g', 10, 64))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// table prints each number's course as a line of bars, and the sums below.
func (cmd *historyCommand) table(t *tablePrinter, got *greenroomv1.GetHistoryResponse) {
	points := got.GetPoints()
	if len(points) == 0 {
		fmt.Fprintf(t.w, "%s: nothing was recorded in that time\n", cmd.subject())
		return
	}
	first, step := points[0].GetAt().AsTime(), got.GetStep().AsDuration()
	last := points[len(points)-1].GetAt().AsTime()
	fmt.Fprintf(t.w, "%s, %s to %s, in steps of %s\n", cmd.subject(), minute(first), minute(last.Add(step)), model.Duration(step))
	t.row("WHAT", "LEAST", "MEAN", "MOST", "COURSE")
	for _, c := range []struct{ title, name string }{
		{"players", "players"},
		{"sessions", "sessions"},
		{"sessions with players", "sessions_active"},
		{"servers wanted", "servers_wanted"},
		{"servers open", "servers_open"},
		{"servers ready", "servers_ready"},
		{"servers leaving", "servers_leaving"},
		{"joins", "joins"},
		{"refused", "refusals"},
	} {
		column := columnOf(c.name)
		if cmd.Route == "" || column.route {
			values, known := spread(points, step, column.value)
			least, mean, most := spanOf(points, column.value)
			t.row(c.title, number(least), number(mean), number(most), sparkline(values, known))
		}
	}
	cmd.sums(t, got)
}

// sums prints what adds up.
func (cmd *historyCommand) sums(t *tablePrinter, got *greenroomv1.GetHistoryResponse) {
	sum := func(name string) (total float64) {
		for _, p := range got.GetPoints() {
			total += columnOf(name).value(p)
		}
		return total
	}
	waited, longest := 0.0, 0.0
	for _, p := range got.GetPoints() {
		waited += float64(p.GetWaits()) * p.GetWaitSecondsMean()
		longest = max(longest, p.GetWaitSecondsMax())
	}
	fmt.Fprintf(t.w, "%.0f joins, %.0f refused, %.0f waited", sum("joins"), sum("refusals"), sum("waits"))
	if n := sum("waits"); n > 0 {
		fmt.Fprintf(t.w, " (%.2g s in the mean, %.2g s at most)", waited/n, longest)
	}
	fmt.Fprintln(t.w)
	if cmd.Route != "" {
		return
	}
	fmt.Fprintf(t.w, "%.4g server-hours, %.4g of them without a session", sum("server_hours"), sum("idle_server_hours"))
	if got.GetCurrency() != "" {
		fmt.Fprintf(t.w, ", for %s", money(got.GetCurrency(), sum("cost")))
	}
	fmt.Fprintln(t.w)
}

func columnOf(name string) historyColumn {
	for _, c := range historyColumns {
		if c.name == name {
			return c
		}
	}
	panic("no column " + name)
}

// minute prints a time of this machine's zone, to the minute.
func minute(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
