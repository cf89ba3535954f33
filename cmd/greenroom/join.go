package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/sdk/go/client"
)

// joinCommand seats players and prints how to get to their session.
type joinCommand struct {
	Route   string                   `arg:"" help:"The route to join by." predictor:"route"`
	Key     string                   `help:"The session: who gives the same key meets. Without it, a seat in any session."`
	Players []string                 `name:"player" short:"p" help:"Who; repeat it for a party that stays together. Without it, a guest."`
	Wait    *time.Duration           `help:"How long to wait for room; 0s does not wait." placeholder:"DURATION"`
	Measure bool                     `help:"Measure first how far the route's regions are, and ask for the nearest."`
	Latency map[string]time.Duration `help:"How far a region is, instead of measuring it; repeat it for others." placeholder:"REGION=DURATION"`
	Output  string                   `short:"o" enum:"table,json,yaml,mqtt,ws" default:"table" help:"How to print: ${enum}; mqtt gives lines to paste for mosquitto_sub and mosquitto_pub, ws an address and the ticket."`
}

// Help shows examples below the flags.
func (joinCommand) Help() string {
	return `Examples:
  greenroom join plaza --key room-7 --player alice
  greenroom join plaza --key room-7 -o mqtt`
}

func (cmd *joinCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	request := &greenroomv1.JoinRequest{Route: cmd.Route, Key: cmd.Key, Players: cmd.Players, RequestId: rand.Text()}
	if len(request.GetPlayers()) == 0 {
		request.Players = []string{guest()}
		if cmd.Output == "mqtt" { // one to listen and one to speak: a seat holds one connection
			request.Players = append(request.GetPlayers(), guest())
		}
	}
	if cmd.Wait != nil {
		request.MaxWait = durationpb.New(*cmd.Wait)
	}
	if err := cmd.ask(ctx, api, request); err != nil {
		return err
	}
	place, err := api.joins.Join(ctx, request)
	if err != nil {
		return err
	}
	switch cmd.Output {
	case "mqtt":
		return printMosquitto(c, place)
	case "ws":
		return printWebSocket(c, place)
	default:
		return outputFlag{Output: cmd.Output}.print(c, place, func(t *tablePrinter) { placeTable(t, place) })
	}
}

// ask says in the request how far regions are.
func (cmd *joinCommand) ask(ctx context.Context, api *plane, request *greenroomv1.JoinRequest) error {
	if err := checkLatencies(cmd.Latency); err != nil {
		return err
	}
	far := map[string]time.Duration{}
	if cmd.Measure {
		measured, err := api.measure(ctx, cmd.Route, client.MeasureOptions{})
		if err != nil {
			return err
		}
		far = client.Latencies(measured)
	}
	maps.Copy(far, cmd.Latency)
	request.Latencies = latencies(far)
	return nil
}

// guest makes up a player's name.
func guest() string { return "guest-" + strings.ToLower(rand.Text()[:6]) }

func placeTable(t *tablePrinter, place *greenroomv1.JoinResponse) {
	t.row("session", place.GetRoute()+"/"+place.GetKey())
	t.row("server", place.GetServer())
	if place.GetRegion() != "" {
		t.row("region", place.GetRegion())
	}
	for _, e := range place.GetEndpoints() {
		t.row(e.GetName(), e.GetUrl())
	}
	for _, k := range place.GetTickets() {
		t.row("ticket of "+k.GetPlayer(), k.GetTicket())
		if token := k.GetConnectToken(); token != "" {
			t.row("connect token of "+k.GetPlayer(), token[:min(len(token), 12)]+"… (all of it with -o json)")
		}
	}
}

// endpoint finds one way in by its name, or the same with TLS.
func endpoint(place *greenroomv1.JoinResponse, name string) (*url.URL, error) {
	names := map[string]string{}
	for _, e := range place.GetEndpoints() {
		names[e.GetName()] = e.GetUrl()
	}
	for _, wanted := range []string{name, name + "s"} {
		if at, ok := names[wanted]; ok {
			return url.Parse(at)
		}
	}
	return nil, fmt.Errorf("server %s has no way in called %q; it has: %s", place.GetServer(), name,
		strings.Join(slices.Sorted(maps.Keys(names)), ", "))
}

// printMosquitto prints one line that listens and two that speak.
func printMosquitto(c *console, place *greenroomv1.JoinResponse) error {
	at, err := endpoint(place, "mqtt")
	if err != nil {
		return err
	}
	listener := place.GetTickets()[0]
	speaker := place.GetTickets()[len(place.GetTickets())-1]
	line := func(program string, ticket *greenroomv1.Ticket, rest string) {
		if at.Scheme == "mqtts" {
			rest = "--tls-use-os-certs " + rest
		}
		fmt.Fprintf(c.out, "%s -h %s -p %s -u %s -P %s %s\n", program, at.Hostname(), at.Port(), ticket.GetPlayer(), ticket.GetTicket(), rest)
	}
	room := "r/" + place.GetKey()
	fmt.Fprintf(c.out, "# session %s/%s on %s; connect within %s\n", place.GetRoute(), place.GetKey(), place.GetServer(),
		time.Until(listener.GetExpiresAt().AsTime()).Round(time.Second))
	line("mosquitto_sub", listener, fmt.Sprintf("-v -t '%s/#'", room))
	fmt.Fprintln(c.out, "# in another terminal")
	line("mosquitto_pub", speaker, fmt.Sprintf("-t %s/e/hello -m 'hello, everybody'", room))
	line("mosquitto_pub", speaker, fmt.Sprintf(`-r -t %s/s/pos/%s -m '{"x":500,"y":500}'`, room, speaker.GetPlayer()))
	return nil
}

func printWebSocket(c *console, place *greenroomv1.JoinResponse) error {
	at, err := endpoint(place, "ws")
	if err != nil {
		return err
	}
	for _, k := range place.GetTickets() {
		fmt.Fprintf(c.out, "%s\t%s\t%s\n", k.GetPlayer(), at, k.GetTicket())
	}
	return nil
}
