package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// watchFlag is the -w of lists.
type watchFlag struct {
	Watch bool `short:"w" help:"Go on with each change until Ctrl-C: a line for each, with -o json the change itself."`
}

// receiver is a stream of changes.
type receiver[C any] interface{ Receive() (C, error) }

// change is one message of such a stream.
type change interface {
	proto.Message
	GetType() greenroomv1.ChangeType
}

// watching says how changes of one kind of object are printed.
type watching[C change] struct {
	header []any
	name   func(C) string
	row    func(C) []any // its first cell is the name
}

var (
	watchFleets = watching[*greenroomv1.WatchFleetsResponse]{
		fleetHeader,
		func(c *greenroomv1.WatchFleetsResponse) string { return c.GetFleet().GetName() },
		func(c *greenroomv1.WatchFleetsResponse) []any { return fleetCells(c.GetFleet()) },
	}
	watchRoutes = watching[*greenroomv1.WatchRoutesResponse]{
		routeHeader,
		func(c *greenroomv1.WatchRoutesResponse) string { return c.GetRoute().GetName() },
		func(c *greenroomv1.WatchRoutesResponse) []any { return routeCells(c.GetRoute()) },
	}
	watchEvents = watching[*greenroomv1.WatchEventsResponse]{
		eventHeader,
		func(c *greenroomv1.WatchEventsResponse) string { return c.GetEvent().GetName() },
		func(c *greenroomv1.WatchEventsResponse) []any { return eventCells(c.GetEvent()) },
	}
	watchRollouts = watching[*greenroomv1.WatchRolloutsResponse]{
		rolloutHeader,
		func(c *greenroomv1.WatchRolloutsResponse) string { return c.GetRollout().GetName() },
		func(c *greenroomv1.WatchRolloutsResponse) []any { return rolloutCells(c.GetRollout()) },
	}
	watchServers = watching[*greenroomv1.WatchServersResponse]{
		serverHeader,
		func(c *greenroomv1.WatchServersResponse) string { return c.GetServer().GetName() },
		func(c *greenroomv1.WatchServersResponse) []any { return serverCells(c.GetServer()) },
	}
	watchSessions = watching[*greenroomv1.WatchSessionsResponse]{
		sessionHeader,
		func(c *greenroomv1.WatchSessionsResponse) string { return sessionName(c.GetSession()) },
		func(c *greenroomv1.WatchSessionsResponse) []any { return sessionCells(c.GetSession()) },
	}
)

// run prints what is there and then each change, of the object with that name or of all for "", until ctx ends.
func (w watching[C]) run(ctx context.Context, c *console, output outputFlag, name string, open func(context.Context) (receiver[C], error)) error {
	if output.Output == "yaml" {
		return usagef("-w goes with -o table or -o json")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := open(ctx)
	if err != nil {
		return err
	}
	table := &growingTable{out: c.out, held: [][]string{}}
	table.add(w.header)
	for {
		change, err := stream.Receive()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, io.EOF):
			return connect.NewError(connect.CodeUnavailable, "the control plane went away")
		case err != nil:
			return err
		}
		kind := change.GetType()
		switch {
		case kind != greenroomv1.ChangeType_CHANGE_TYPE_SYNCED && name != "" && w.name(change) != name:
		case output.Output == "json":
			if err := printJSONLine(c.out, change); err != nil {
				return err
			}
		case kind == greenroomv1.ChangeType_CHANGE_TYPE_SYNCED:
			table.release()
		case kind == greenroomv1.ChangeType_CHANGE_TYPE_DELETED:
			table.add([]any{w.row(change)[0], "gone"})
		default:
			table.add(w.row(change))
		}
	}
}

// growingTable prints rows as they come, in columns as wide as the widest cell so far.
type growingTable struct {
	out    io.Writer
	held   [][]string // rows that wait for release; nil once released
	widths []int
}

// add prints a row, or keeps it until release, so that the first rows are aligned with each other.
func (g *growingTable) add(cells []any) {
	texts := (&tablePrinter{now: time.Now()}).texts(cells)
	for i, text := range texts {
		if i == len(g.widths) {
			g.widths = append(g.widths, 0)
		}
		g.widths[i] = max(g.widths[i], len(text))
	}
	if g.held != nil {
		g.held = append(g.held, texts)
		return
	}
	g.print(texts)
}

func (g *growingTable) release() {
	for _, texts := range g.held {
		g.print(texts)
	}
	g.held = nil
}

func (g *growingTable) print(texts []string) {
	var line strings.Builder
	for i, text := range texts {
		fmt.Fprintf(&line, "%-*s  ", g.widths[i], text)
	}
	fmt.Fprintln(g.out, strings.TrimRight(line.String(), " "))
}
