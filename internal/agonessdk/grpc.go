package agonessdk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	agones "greenroom.dev/greenroom/gen/agones/dev/sdk"
	"greenroom.dev/greenroom/gen/agones/dev/sdk/agonessdkconnect"
	"greenroom.dev/greenroom/internal/model"
)

const (
	maxMessageBytes = 64 << 10
	headerWait      = 10 * time.Second
)

// serve answers a server on both of its ports, each of which speaks gRPC and REST.
func (s *SDK) serve(c *child) {
	rpc := connect.NewServer()
	agonessdkconnect.RegisterSDKHandler(rpc, handler{s, c})
	mux := http.NewServeMux()
	connecthttp.Mount(mux, rpc, connecthttp.WithReadMaxBytes(maxMessageBytes))
	routeREST(mux, handler{s, c})
	c.web = &http.Server{Handler: mux, Protocols: new(http.Protocols), ReadHeaderTimeout: headerWait}
	c.web.Protocols.SetHTTP1(true)
	c.web.Protocols.SetUnencryptedHTTP2(true)
	s.serving.Go(func() { s.answer(c, c.web.Serve(c.grpc)) })
	s.serving.Go(func() { s.answer(c, c.web.Serve(c.rest)) })
}

func (s *SDK) answer(c *child, err error) {
	if !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("the Agones SDK of a server is served no more", "server", c.id, "err", err)
	}
}

// handler is the SDK service as one server sees it. Its errors all have the code that Agones gives them: unknown.
type handler struct {
	sdk   *SDK
	child *child
}

var _ agonessdkconnect.SDKHandler = handler{}

func done(err error) (*agones.Empty, error) {
	if err != nil {
		return nil, connect.NewError(connect.CodeUnknown, err.Error())
	}
	return &agones.Empty{}, nil
}

// Ready: it can take sessions; those it had are over.
func (h handler) Ready(ctx context.Context, _ *agones.Empty) (*agones.Empty, error) {
	return done(h.sdk.ask(ctx, h.child, model.ServerReady, 0))
}

// Allocate: it is in use.
func (h handler) Allocate(ctx context.Context, _ *agones.Empty) (*agones.Empty, error) {
	return done(h.sdk.ask(ctx, h.child, model.ServerOpen, 0))
}

// Shutdown: it wants to be stopped; its sessions are over.
func (h handler) Shutdown(ctx context.Context, _ *agones.Empty) (*agones.Empty, error) {
	return done(h.sdk.ask(ctx, h.child, model.ServerEmpty, 0))
}

// Reserve: it is kept as it is, and nobody gets it, for so long; 0 for as long as it does not say otherwise.
func (h handler) Reserve(ctx context.Context, d *agones.Duration) (*agones.Empty, error) {
	const longest = 100 * 365 * 24 * time.Hour
	seconds := min(max(d.GetSeconds(), 0), int64(longest/time.Second))
	return done(h.sdk.ask(ctx, h.child, model.ServerCordoned, time.Duration(seconds)*time.Second))
}

// Health: each message is a sign of life.
func (h handler) Health(ctx context.Context, stream agonessdkconnect.SDKHealthServerStream) (*agones.Empty, error) {
	for {
		if _, err := stream.Receive(); errors.Is(err, io.EOF) {
			return &agones.Empty{}, nil
		} else if err != nil {
			return nil, err
		}
		if err := h.sdk.healthy(ctx, h.child); err != nil {
			return done(err)
		}
	}
}

// SetLabel sets a label, with Agones' prefix.
func (h handler) SetLabel(ctx context.Context, kv *agones.KeyValue) (*agones.Empty, error) {
	labels := func(m *memo) *map[string]string { return &m.Labels }
	return done(h.sdk.annotate(ctx, h.child, labels, kv.GetKey(), kv.GetValue()))
}

// SetAnnotation sets an annotation, with Agones' prefix.
func (h handler) SetAnnotation(ctx context.Context, kv *agones.KeyValue) (*agones.Empty, error) {
	annotations := func(m *memo) *map[string]string { return &m.Annotations }
	return done(h.sdk.annotate(ctx, h.child, annotations, kv.GetKey(), kv.GetValue()))
}

// GetGameServer answers the server itself.
func (h handler) GetGameServer(ctx context.Context, _ *agones.Empty) (*agones.GameServer, error) {
	server, err := h.sdk.gameServer(ctx, h.child)
	if err != nil {
		return nil, connect.NewError(connect.CodeUnknown, err.Error())
	}
	return server, nil
}

// WatchGameServer sends the server itself, then each change of it.
func (h handler) WatchGameServer(ctx context.Context, _ *agones.Empty, stream agonessdkconnect.SDKWatchGameServerServerStream) error {
	return h.sdk.watch(ctx, h.child, stream.Send)
}
