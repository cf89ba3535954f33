package main

import (
	"context"
	"errors"
	"io"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// exportTrace writes what players did as a trace.
type exportTrace struct {
	spanFlags
	Route []string `help:"Only of this route; may be given several times." predictor:"route"`
	File  string   `short:"o" name:"output" default:"-" help:"The file to write; - is standard output." placeholder:"FILE"`
}

// Help shows examples below the flags.
func (exportTrace) Help() string {
	return `Steps are a minute for the last two days, 10 minutes for five weeks, an hour before that. docs/TRACES.md says what the
columns mean, docs/guides/history.md how stays are found out.

Examples:
  greenroom trace export --since 24h > day.csv
  greenroom trace export --since 2026-11-21T18:00 --until 2026-11-22T02:00 --route voice -o evening.csv`
}

func (cmd *exportTrace) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	now := time.Now()
	stream, err := api.history.ExportTrace(ctx, &greenroomv1.ExportTraceRequest{
		Since: cmd.Since.time(now), Until: cmd.Until.time(now), Routes: cmd.Route,
	})
	if err != nil {
		return err
	}
	part, err := stream.Receive() // a refusal comes before a file is made
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return writeTo(cmd.File, c.out, func(w io.Writer) error {
		for err == nil {
			if _, err := w.Write(part.GetCsv()); err != nil {
				return err
			}
			part, err = stream.Receive()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
}
