package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

type logsCommand struct {
	Server string `arg:"" help:"The server; one that has ended too, for a while." predictor:"server"`
	Follow bool   `short:"f" help:"Go on with what is printed from now on."`
	Tail   uint32 `default:"100" help:"Lines from the end."`
}

func (cmd *logsCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := api.servers.ReadServerLogs(ctx, &greenroomv1.ReadServerLogsRequest{Name: cmd.Server, Follow: cmd.Follow, TailLines: cmd.Tail})
	if err != nil {
		return err
	}
	for {
		part, err := stream.Receive()
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, line := range part.GetLines() {
			fmt.Fprintln(c.out, line)
		}
	}
}
