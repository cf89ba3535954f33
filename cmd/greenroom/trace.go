package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/proto"

	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/trace"
)

type traceCommand struct {
	Generate generateTrace `cmd:"" help:"Make a demand by seed: a day of voice chat, a flash crowd, a big event."`
	Export   exportTrace   `cmd:"" help:"Write what players did here as a trace file."`
	Check    checkTrace    `cmd:"" help:"Read a trace file and say what is in it, or what is wrong with it and where."`
}

type generateTrace struct {
	Name  string        `arg:"" help:"What kind of demand."`
	Seed  uint64        `default:"1" help:"The same seed makes the same trace."`
	Scale int           `help:"How much of it; what is counted depends on the kind. 0: the kind's own." placeholder:"N"`
	Start time.Time     `help:"Its first step, such as 2026-11-21T00:00:00+09:00; the hours of the day are those of this zone." placeholder:"TIME"`
	Step  time.Duration `default:"1m" help:"How long each step is, 10s to 1m."`
	File  string        `short:"o" name:"output" default:"-" help:"The file to write; - is standard output." placeholder:"FILE"`
	Event string        `help:"Write what was announced of it there, as a manifest: big-event is an Event." placeholder:"FILE"`
}

// Help shows the kinds and examples below the flags.
func (generateTrace) Help() string {
	help := "Kinds:\n"
	for _, g := range trace.Generators() {
		help += fmt.Sprintf("  %-12s %s; --scale %d counts %s\n", g.Name, g.Title, g.Scale, g.Unit)
	}
	return help + `
Examples:
  greenroom trace generate voice-day --seed 7 -o day.csv
  greenroom trace generate big-event --scale 5000 --start 2026-12-24T17:00:00+09:00 -o evening.csv --event event.yaml`
}

func (cmd *generateTrace) Run(c *console) error {
	made, err := trace.Generate(cmd.Name, trace.Options{Seed: cmd.Seed, Scale: cmd.Scale, Start: cmd.Start, Step: cmd.Step})
	if err != nil {
		return usageError{err}
	}
	var events []proto.Message
	for _, e := range made.Events {
		events = append(events, convert.EventProto(e))
	}
	switch {
	case cmd.Event != "" && len(events) == 0:
		return usagef("--event: nothing is announced of a %s", cmd.Name)
	case cmd.Event != "":
		if err := writeTo(cmd.Event, c.out, func(w io.Writer) error { return manifest.Format(w, events...) }); err != nil {
			return err
		}
	}
	return writeTo(cmd.File, c.out, func(w io.Writer) error { return trace.Write(w, made.Trace) })
}

// writeTo writes a file that is there whole or not at all; "-" is out.
func writeTo(name string, out io.Writer, write func(io.Writer) error) (err error) {
	if name == "-" {
		return write(out)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return usageError{err}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

type checkTrace struct {
	outputFlag
	File string `arg:"" help:"The trace file; - is standard input."`
}

// Help shows an example below the flags.
func (checkTrace) Help() string {
	return `Example:
  greenroom trace check day.csv -o json`
}

func (cmd *checkTrace) Run(_ context.Context, c *console) error {
	demand, err := readTrace(cmd.File)
	if err != nil {
		return err
	}
	return printReport(c.out, cmd.Output, traceReport{Summary: demand.Summary()})
}

// readTrace reads a trace file; what is wrong with it is told with the file's name.
func readTrace(name string) (trace.Trace, error) {
	file := os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return trace.Trace{}, usageError{err}
		}
		defer f.Close()
		file = f
	}
	demand, err := trace.Read(file)
	if wrong := (*trace.Error)(nil); errors.As(err, &wrong) {
		return trace.Trace{}, usagef("%s: %w", name, err)
	}
	return demand, err
}

// traceReport is a trace's summary as it is printed.
type traceReport struct {
	trace.Summary
}

// WriteTable prints the summary for people.
func (r traceReport) WriteTable(w io.Writer) error {
	routes := make([]string, len(r.Routes))
	for i, name := range r.Routes {
		routes[i] = string(name)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "from\t%s\n", r.Start.Format(time.RFC3339))
	fmt.Fprintf(t, "to\t%s\n", r.End.Format(time.RFC3339))
	fmt.Fprintf(t, "step\t%s\n", time.Duration(r.StepSeconds*float64(time.Second)))
	fmt.Fprintf(t, "rows\t%d\n", r.Rows)
	fmt.Fprintf(t, "routes\t%s\n", strings.Join(routes, ", "))
	fmt.Fprintf(t, "joins\t%d\n", r.Joins)
	fmt.Fprintf(t, "sessions by key\t%d\n", r.Sessions)
	fmt.Fprintf(t, "mean stay\t%s\n", time.Duration(r.MeanStaySeconds*float64(time.Second)).Round(time.Second))
	fmt.Fprintf(t, "player-hours\t%.1f\n", r.PlayerHours)
	fmt.Fprintf(t, "most joins in a step\t%d, at %s\n", r.PeakJoins, r.PeakJoinsAt.Format(time.RFC3339))
	fmt.Fprintf(t, "most players at once\tabout %d, at %s\n", r.PeakPlayers, r.PeakPlayersAt.Format(time.RFC3339))
	return t.Flush()
}
