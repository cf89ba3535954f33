package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/manifest"
)

// console is where a command prints.
type console struct {
	out, err io.Writer
}

// terminal tells whether what is printed to err is looked at by a person now, so that progress may be drawn.
func (c *console) terminal() bool {
	f, ok := c.err.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// outputFlag is the -o of commands that print objects.
type outputFlag struct {
	Output string `short:"o" enum:"table,json,yaml" default:"table" help:"How to print: ${enum}."`
}

// print writes a message as JSON or YAML, or calls table.
func (o outputFlag) print(c *console, message proto.Message, table func(*tablePrinter)) error {
	switch o.Output {
	case "json":
		return printJSON(c.out, message)
	case "yaml":
		return manifest.Format(c.out, items(message)...)
	default:
		t := &tablePrinter{w: tabwriter.NewWriter(c.out, 0, 8, 2, ' ', 0), now: time.Now()}
		table(t)
		if t.empty != "" && t.rows == 1 { // the header alone
			fmt.Fprintln(c.err, t.empty)
			return nil
		}
		if err := t.w.Flush(); err != nil || t.after == "" {
			return err
		}
		_, err := fmt.Fprintln(c.out, t.after)
		return err
	}
}

// printWhole writes how one thing stands as JSON or YAML, with what only Greenroom writes; there is no table of it.
func (o outputFlag) printWhole(c *console, message proto.Message) error {
	if o.Output == "yaml" {
		return manifest.FormatWhole(c.out, message)
	}
	return printJSON(c.out, message)
}

// items answers the objects of a list's message, or the message itself.
func items(message proto.Message) []proto.Message {
	switch list := message.(type) {
	case *greenroomv1.ListFleetsResponse:
		return messages(list.GetFleets())
	case *greenroomv1.ListRoutesResponse:
		return messages(list.GetRoutes())
	case *greenroomv1.ListEventsResponse:
		return messages(list.GetEvents())
	case *greenroomv1.ListRolloutsResponse:
		return messages(list.GetRollouts())
	case *greenroomv1.ListServersResponse:
		return messages(list.GetServers())
	case *greenroomv1.ListSessionsResponse:
		return messages(list.GetSessions())
	case *greenroomv1.ListRevisionsResponse:
		return messages(list.GetRevisions())
	case *greenroomv1.ListNodesResponse:
		return messages(list.GetNodes())
	case *greenroomv1.ListSignalsResponse:
		return messages(list.GetSignals())
	default:
		return []proto.Message{message}
	}
}

func messages[T proto.Message](list []T) []proto.Message {
	all := make([]proto.Message, len(list))
	for i, one := range list {
		all[i] = one
	}
	return all
}

// printJSON writes one message, indented, with the contract's field names; what is empty is written too, so that a script
// finds a list where there is one.
func printJSON(w io.Writer, message proto.Message) error {
	compact, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(message)
	if err != nil {
		return err
	}
	var any json.RawMessage = compact // protojson's own indentation is deliberately unstable
	pretty, err := json.MarshalIndent(any, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", pretty)
	return err
}

// printJSONLine writes one message as a line.
func printJSONLine(w io.Writer, message proto.Message) error {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(message)
	if err != nil {
		return err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil { // protojson's own spaces are deliberately unstable
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line.Bytes())
	return err
}

// tablePrinter prints aligned columns.
type tablePrinter struct {
	w     *tabwriter.Writer
	now   time.Time
	rows  int
	empty string // said instead of a header without rows
	after string // said below the rows
}

// row prints one line; times are printed as ages.
func (t *tablePrinter) row(cells ...any) {
	t.rows++
	fmt.Fprintln(t.w, strings.Join(t.texts(cells), "\t"))
}

// texts says each cell in words.
func (t *tablePrinter) texts(cells []any) []string {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		switch v := cell.(type) {
		case *timestamppb.Timestamp:
			texts[i] = t.age(v)
		default:
			texts[i] = fmt.Sprint(v)
		}
		if texts[i] == "" {
			texts[i] = "-"
		}
	}
	return texts
}

// age prints how long ago a time was, in its one largest unit.
func (t *tablePrinter) age(at *timestamppb.Timestamp) string {
	if at == nil {
		return "-"
	}
	d := t.now.Sub(at.AsTime())
	switch {
	case d < 0:
		return "in " + shortDuration(-d)
	case d < time.Second:
		return "now"
	default:
		return shortDuration(d)
	}
}

func shortDuration(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// stateName prints an enum's value as people say it: SERVER_STATE_OPEN is "open".
func stateName(prefix string, value fmt.Stringer) string {
	return strings.ToLower(strings.TrimPrefix(value.String(), prefix))
}
