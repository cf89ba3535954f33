package main

import (
	"strings"
	"testing"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// A connect token is a secret as long as a paragraph: a table shows that there is one, JSON and YAML show it.
func TestJoinShowsConnectTokens(t *testing.T) {
	token := strings.Repeat("abcdefgh", 50)
	place := &greenroomv1.JoinResponse{Route: "plaza", Key: "room-7", Tickets: []*greenroomv1.Ticket{
		{Player: "ann", Ticket: "t1", ConnectToken: token}, {Player: "bob", Ticket: "t2"},
	}}
	for _, format := range []string{"table", "json", "yaml"} {
		out := &lockedBuffer{}
		if err := (outputFlag{Output: format}).print(&console{out: out, err: out}, place, func(p *tablePrinter) { placeTable(p, place) }); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if whole := strings.Contains(text, token); whole != (format != "table") {
			t.Errorf("%s shows it in full: %v\n%s", format, whole, text)
		}
		if format == "table" && (!strings.Contains(text, "connect token of ann") || !strings.Contains(text, token[:12]) || strings.Contains(text, "connect token of bob")) {
			t.Errorf("the table is\n%s", text)
		}
	}
}
