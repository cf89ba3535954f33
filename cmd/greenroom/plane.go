package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/app"
)

// defaultAPI is where a control plane listens when nobody said otherwise.
const defaultAPI = "http://127.0.0.1:7350"

// plane is the control plane's API's services, called as the person that the flags name.
type plane struct {
	base     string
	token    string
	applies  greenroomv1connect.ApplyServiceClient
	fleets   greenroomv1connect.FleetServiceClient
	routes   greenroomv1connect.RouteServiceClient
	servers  greenroomv1connect.ServerServiceClient
	sessions greenroomv1connect.SessionServiceClient
	joins    greenroomv1connect.JoinServiceClient
	events   greenroomv1connect.EventServiceClient
	rollouts greenroomv1connect.RolloutServiceClient
	signals  greenroomv1connect.SignalServiceClient
	history  greenroomv1connect.HistoryServiceClient
	stage    greenroomv1connect.StageServiceClient
	nodes    greenroomv1connect.NodeServiceClient
	system   greenroomv1connect.SystemServiceClient
}

// dial finds the control plane and the token: flags and environment first, then what a running Greenroom left in the
// data folder.
func (g *Globals) dial() (*plane, error) {
	base, token := g.API, g.Token
	if base == "" {
		base = defaultAPI
		if text, err := os.ReadFile(filepath.Join(g.DataDir, app.RunningFile)); err == nil {
			var running app.Running
			if err := json.Unmarshal(text, &running); err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(g.DataDir, app.RunningFile), err)
			}
			base = running.URL
		}
	}
	if at, err := url.Parse(base); err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return nil, usagef("%q is no address of a control plane: write --api or GREENROOM_API as http://HOST:PORT or https://HOST", base)
	}
	if token == "" {
		text, err := os.ReadFile(filepath.Join(g.DataDir, app.TokenFile))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("read the API token: %w", err)
		}
		token = string(bytes.TrimSpace(text))
	}
	conn := connect.NewClient(connecthttp.NewTransport(http.DefaultClient, base), unreachable(base), bearer(token, g.DataDir))
	return &plane{
		base: base, token: token,
		applies:  greenroomv1connect.NewApplyServiceClient(conn),
		fleets:   greenroomv1connect.NewFleetServiceClient(conn),
		routes:   greenroomv1connect.NewRouteServiceClient(conn),
		servers:  greenroomv1connect.NewServerServiceClient(conn),
		sessions: greenroomv1connect.NewSessionServiceClient(conn),
		joins:    greenroomv1connect.NewJoinServiceClient(conn),
		events:   greenroomv1connect.NewEventServiceClient(conn),
		rollouts: greenroomv1connect.NewRolloutServiceClient(conn),
		signals:  greenroomv1connect.NewSignalServiceClient(conn),
		history:  greenroomv1connect.NewHistoryServiceClient(conn),
		nodes:    greenroomv1connect.NewNodeServiceClient(conn),
		stage:    greenroomv1connect.NewStageServiceClient(conn),
		system:   greenroomv1connect.NewSystemServiceClient(conn),
	}, nil
}

// bearer sends the token with every call. Where there is none, a refusal says where it was looked for.
func bearer(token, dataDir string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if info, ok := connect.CallInfoForClientContext(ctx); ok && token != "" {
				info.RequestHeader().Set("Authorization", "Bearer "+token)
			}
			stream, err := next(ctx, spec)
			if err == nil && token == "" {
				stream = tokenless{stream, dataDir}
			}
			return stream, err
		}
	}
}

// tokenless is a stream of a caller without a token.
type tokenless struct {
	connect.ClientStream
	dataDir string
}

func (s tokenless) Receive(message any) error {
	err := s.ClientStream.Receive(message)
	if connect.CodeOf(err) != connect.CodeUnauthenticated {
		return err
	}
	return connect.Errorf(connect.CodeUnauthenticated, "no API token: there is no %s in the data folder %s; name its folder with --data-dir, or give a token with --api-token or GREENROOM_TOKEN", app.TokenFile, s.dataDir)
}

// explainUnreachable turns "connection refused" into what to do about it.
func explainUnreachable(ctx context.Context, base string, err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return connect.Errorf(connect.CodeUnavailable, "no control plane answers at %s: start one with `greenroom up`, or name another with --api", base)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return connect.Errorf(connect.CodeUnavailable, "%s: %s is not found; look at --api or GREENROOM_API", base, dns.Name)
	}
	ended := err != nil && ctx.Err() == nil && connect.CodeOf(err) == connect.CodeCanceled // by the control plane, which stops
	if ended || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return connect.Errorf(connect.CodeUnavailable, "the control plane at %s went away in the middle of its answer", base)
	}
	return err
}

// unreachable says which address was tried when nobody answers there.
func unreachable(base string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			stream, err := next(ctx, spec)
			if err != nil {
				return nil, explainUnreachable(ctx, base, err)
			}
			return explainedStream{ClientStream: stream, ctx: ctx, base: base}, nil
		}
	}
}

// explainedStream is a stream whose errors are explained.
type explainedStream struct {
	connect.ClientStream
	ctx  context.Context // of the call
	base string
}

func (s explainedStream) Send(message any) error {
	return explainUnreachable(s.ctx, s.base, s.ClientStream.Send(message))
}

func (s explainedStream) Receive(message any) error {
	return explainUnreachable(s.ctx, s.base, s.ClientStream.Receive(message))
}
