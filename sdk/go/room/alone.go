package room

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"golang.org/x/sync/errgroup"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	roomserver "greenroom.dev/greenroom/internal/room/server"
)

// Alone says how a server without Greenroom is reached. The zero value is of use.
type Alone struct {
	// Listen is where players join, "": 127.0.0.1:7350. The doors listen on the same host, on free ports. Anybody may
	// join under any name: it is for development, and not for the open network.
	Listen   string
	Seats    int                       // in a session; 0: 100
	Settings *greenroomv1.RoomSettings // nil: the defaults
	// Pages are served beside the API, such as a page to play on; nil: none.
	Pages http.Handler
	// Ready is called once when players can join: where, as an URL for a client's API, and the doors by name.
	Ready func(api string, doors map[string]string)
}

const (
	aloneListen   = "127.0.0.1:7350"
	aloneSeats    = 100
	aloneServer   = "alone"
	aloneShutdown = 3 * time.Second
)

// RunAlone serves rooms with the game until ctx ends, without Greenroom: it answers Greenroom's Join itself, so that clients and
// greenroom bots find their way as usual, and keeps nothing. Every route and key is a session on this server.
func RunAlone(ctx context.Context, o Options, a Alone) error {
	if o.New == nil {
		return ErrNoGame
	}
	o.Logger = cmp.Or(o.Logger, slog.Default())
	api, err := net.Listen("tcp", cmp.Or(a.Listen, aloneListen))
	if err != nil {
		return fmt.Errorf("listen for joins: %w", err)
	}
	defer api.Close()
	h := &hermit{seats: cmp.Or(a.Seats, aloneSeats), plane: &roomserver.Standalone{Room: convert.RoomSettingsModel(a.Settings)}}
	doors, err := h.listen(api.Addr())
	if err != nil {
		return err
	}
	srv, err := roomserver.New(roomserver.Config{Standalone: h.plane, Listeners: doors, Logger: o.Logger, Logic: o.logic})
	if err != nil {
		return err
	}
	if a.Ready != nil {
		a.Ready("http://"+api.Addr().String(), h.doors)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return srv.Run(ctx) })
	group.Go(func() error { return serve(ctx, api, h.handler(a.Pages)) })
	return group.Wait()
}

// hermit is the part of a control plane that a server alone needs.
type hermit struct {
	seats int
	plane *roomserver.Standalone
	doors map[string]string // URLs by endpoint
}

// listen opens the doors on free ports of the API's host.
func (h *hermit) listen(api net.Addr) (map[string]net.Listener, error) {
	host, _, err := net.SplitHostPort(api.String())
	if err != nil {
		return nil, err
	}
	h.doors = map[string]string{}
	listeners := map[string]net.Listener{}
	for name, url := range map[string]string{"ws": "ws://%s/room", "mqtt": "mqtt://%s"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for %s: %w", name, err), closeAll(listeners))
		}
		listeners[name] = l
		h.doors[name] = fmt.Sprintf(url, l.Addr())
	}
	return listeners, nil
}

func closeAll(listeners map[string]net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// Join seats whoever asks.
func (h *hermit) Join(_ context.Context, in *greenroomv1.JoinRequest) (*greenroomv1.JoinResponse, error) {
	if in.GetRoute() == "" || len(in.GetPlayers()) == 0 {
		return nil, connect.NewError(connect.CodeInvalidArgument, "a join names a route and players")
	}
	key := cmp.Or(in.GetKey(), "1")
	out := &greenroomv1.JoinResponse{Route: in.GetRoute(), Key: key, Fleet: aloneServer, Server: aloneServer}
	for name, url := range h.doors {
		out.Endpoints = append(out.Endpoints, &greenroomv1.Endpoint{Name: name, Url: url})
	}
	session := model.SessionRef{Route: model.RouteName(in.GetRoute()), Key: model.SessionKey(key)}
	for _, player := range in.GetPlayers() {
		ticket := h.plane.Ticket(session, model.PlayerID(player), h.seats)
		out.Tickets = append(out.Tickets, &greenroomv1.Ticket{Player: player, Ticket: ticket})
	}
	return out, nil
}

// Leave does nothing: seats end with their connections.
func (h *hermit) Leave(context.Context, *greenroomv1.LeaveRequest) (*greenroomv1.LeaveResponse, error) {
	return &greenroomv1.LeaveResponse{}, nil
}

// handler answers pages of any origin, so that a page under development may join.
func (h *hermit) handler(pages http.Handler) http.Handler {
	rpc := connect.NewServer()
	greenroomv1connect.RegisterJoinServiceHandler(rpc, h)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, rpc)
	if pages != nil {
		mux.Handle("/", pages)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Headers", "*")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), aloneShutdown)
		defer cancel()
		_ = srv.Shutdown(ctx)
	})
	err := srv.Serve(l)
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
