package main

import (
	"context"
	"fmt"
	"io"
	"os"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

type stageCommand struct {
	Publish publishCommand `cmd:"" help:"Say something in every room of a space at once."`
}

// publishCommand publishes one message of a stage.
type publishCommand struct {
	outputFlag
	Route  string `arg:"" help:"The route whose rooms hear it." predictor:"route"`
	Name   string `arg:"" help:"What the message is called."`
	Space  string `help:"Only rooms whose key is this or begins with this and a colon. Default: all of the route." placeholder:"SPACE"`
	Retain bool   `help:"Show the last message of this name to those who come later, too. With no data: show it no more."`
	Data   string `help:"What it says, as text." xor:"payload" placeholder:"TEXT"`
	File   string `short:"f" help:"A file with what it says; - is standard input." xor:"payload" placeholder:"FILE"`
}

// Help shows examples below the flags.
func (publishCommand) Help() string {
	return `Examples:
  greenroom stage publish plaza light --data red --retain
  greenroom stage publish plaza song --space concert -f aria.bin`
}

func (cmd *publishCommand) Run(ctx context.Context, g *Globals, c *console) error {
	payload, err := cmd.payload()
	if err != nil {
		return usageError{err}
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	said, err := api.stage.Publish(ctx, &greenroomv1.PublishRequest{
		Route: cmd.Route, Space: cmd.Space, Name: cmd.Name, Payload: payload, Retain: cmd.Retain,
	})
	if err != nil {
		return err
	}
	return cmd.print(c, said, func(t *tablePrinter) {
		t.row("serial", said.GetSerial())
		t.row("rooms", said.GetRooms())
		t.row("servers", said.GetServers())
	})
}

// publishedMost bounds what is read of a file: more than the API takes, so that it says how much that is.
const publishedMost = 64 << 10

func (cmd *publishCommand) payload() ([]byte, error) {
	switch cmd.File {
	case "":
		return []byte(cmd.Data), nil
	case "-":
		return io.ReadAll(io.LimitReader(os.Stdin, publishedMost))
	}
	file, err := os.Open(cmd.File)
	if err != nil {
		return nil, fmt.Errorf("read what is said: %w", err)
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, publishedMost))
}
