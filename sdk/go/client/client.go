// Package client is for players' programs and back ends in Go: it joins a session through Greenroom's API, enters the
// session's room, keeps a copy of the room's state, and finds its way back by itself when the session moves or the
// connection is lost.
//
//	c := client.New(client.Config{URL: "http://127.0.0.1:7350", Token: token})
//	room, err := c.JoinRoom(ctx, "plaza", "room-7", "ann", client.Options{})
//	err = room.SetState("pos/ann", []byte(`{"x":1,"y":2}`), client.Retain|client.Owned)
//
// The journey (where to go after a connection ended), the outbox (what is not acknowledged) and the view (what the room
// keeps) are pure; Room acts on them.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
)

// Config says how Greenroom's API is reached.
type Config struct {
	URL   string       // such as http://127.0.0.1:7350
	Token string       // an API token; "" sends none
	HTTP  *http.Client // nil: http.DefaultClient
	// Latencies are how far regions are, such as Client.Measure finds; a new session goes to the nearest with room. nil: no
	// matter. Not to be changed any more.
	Latencies map[string]time.Duration
}

// Client joins players. It is safe for concurrent use.
type Client struct {
	joins     greenroomv1connect.JoinServiceClient
	routes    greenroomv1connect.RouteServiceClient
	latencies map[string]*durationpb.Duration
}

// New returns a client. It does not connect.
func New(config Config) *Client {
	if config.HTTP == nil {
		config.HTTP = http.DefaultClient
	}
	transport := connecthttp.NewTransport(config.HTTP, config.URL)
	bearer := func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if info, ok := connect.CallInfoForClientContext(ctx); ok && config.Token != "" {
				info.RequestHeader().Set("Authorization", "Bearer "+config.Token)
			}
			return next(ctx, spec)
		}
	}
	api := connect.NewClient(transport, bearer)
	c := &Client{joins: greenroomv1connect.NewJoinServiceClient(api), routes: greenroomv1connect.NewRouteServiceClient(api)}
	if len(config.Latencies) > 0 {
		c.latencies = make(map[string]*durationpb.Duration, len(config.Latencies))
		for region, far := range config.Latencies {
			c.latencies[region] = durationpb.New(far)
		}
	}
	return c
}

// Join seats players in the route's session of that key; "" is any session. It waits in the route's queue while Greenroom
// is full. The error is a *connect.Error; RetryAfter reads its hint.
func (c *Client) Join(ctx context.Context, route, key string, players ...string) (*greenroomv1.JoinResponse, error) {
	return c.joins.Join(ctx, &greenroomv1.JoinRequest{Route: route, Key: key, Players: players, Latencies: c.latencies})
}

// Leave gives a seat back that was not used, or removes a player from its session.
func (c *Client) Leave(ctx context.Context, route, key, player string) error {
	_, err := c.joins.Leave(ctx, &greenroomv1.LeaveRequest{Route: route, Key: key, Player: player})
	return err
}

// JoinRoom joins one player and enters the room by options.Endpoint. The room joins again by itself when it has to, with the
// same session's key, unless options.Rejoin says how.
func (c *Client) JoinRoom(ctx context.Context, route, key, player string, options Options) (*Room, error) {
	joined, err := c.Join(ctx, route, key, player)
	if err != nil {
		return nil, fmt.Errorf("join %s as %s: %w", route, player, err)
	}
	place, err := options.placeOf(joined, player)
	if err != nil {
		return nil, err
	}
	if options.Rejoin == nil {
		options.Rejoin = func(ctx context.Context) (*greenroomv1.JoinResponse, error) {
			return c.Join(ctx, joined.GetRoute(), joined.GetKey(), player)
		}
	}
	return Enter(ctx, place, options)
}

// Place is where a player's seat is, and the secret that opens it.
type Place struct {
	URL    string // of the room server's endpoint
	Ticket string // or connect token
	Player string
}

// PlaceOf picks a player's place out of a join's answer: the server's endpoint of that name, "ws", "mqtt" or "udp", and what
// is shown there, a ticket or, for "udp", a connect token. Where a server has no "ws" but "wss", or no "mqtt" but "mqtts",
// that is meant.
func PlaceOf(joined *greenroomv1.JoinResponse, endpoint, player string) (Place, error) {
	place := Place{Player: player}
	for _, name := range []string{endpoint, endpoint + "s"} {
		for _, e := range joined.GetEndpoints() {
			if e.GetName() == name && place.URL == "" {
				place.URL = e.GetUrl()
			}
		}
	}
	for _, t := range joined.GetTickets() {
		if t.GetPlayer() == player {
			place.Ticket = t.GetTicket()
			if endpoint == model.EndpointUDP {
				place.Ticket = t.GetConnectToken()
			}
		}
	}
	switch {
	case place.URL == "":
		return Place{}, fmt.Errorf("server %s has no endpoint named %q", joined.GetServer(), endpoint)
	case place.Ticket == "":
		return Place{}, fmt.Errorf("the join's answer has no ticket for %s", player)
	}
	return place, nil
}

// placeOf is PlaceOf for the wished endpoint, or for WebSocket where a server does not have it.
func (o *Options) placeOf(joined *greenroomv1.JoinResponse, player string) (Place, error) {
	if o.Endpoint != "" && o.Endpoint != "ws" {
		if place, err := PlaceOf(joined, o.Endpoint, player); err == nil {
			return place, nil
		}
	}
	return PlaceOf(joined, "ws", player)
}

// RetryAfter reads out of a failed join when to try again; 0 if it does not say.
func RetryAfter(err error) time.Duration {
	var refused *connect.Error
	if !errors.As(err, &refused) {
		return 0
	}
	for _, detail := range refused.Details() {
		var info errdetails.RetryInfo
		if detail.Type == string(info.ProtoReflect().Descriptor().FullName()) && proto.Unmarshal(detail.Value, &info) == nil {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// permanent tells whether a failed join would fail again.
func permanent(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeNotFound, connect.CodePermissionDenied,
		connect.CodeUnauthenticated, connect.CodeUnimplemented:
		return true
	}
	return false
}
