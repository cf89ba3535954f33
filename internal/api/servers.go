package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"sort"
	"strings"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
)

type servers struct{ *API }

var _ greenroomv1connect.ServerServiceHandler = servers{}

// GetServer implements ServerService.
func (s servers) GetServer(ctx context.Context, r *greenroomv1.GetServerRequest) (*greenroomv1.GetServerResponse, error) {
	server, err := s.cfg.Registry.GetServer(ctx, model.ServerID(r.GetName()))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.GetServerResponse{Server: s.server(server)}, nil
}

// ListServers implements ServerService.
func (s servers) ListServers(ctx context.Context, r *greenroomv1.ListServersRequest) (*greenroomv1.ListServersResponse, error) {
	after, err := base64.RawURLEncoding.DecodeString(r.GetPageToken())
	if err != nil || len(after) > 0 && !model.ValidKey(string(after)) {
		return nil, badPageToken(r)
	}
	all, err := s.cfg.Registry.ListServers(ctx, model.FleetName(r.GetFleet()))
	if err != nil {
		return nil, err
	}
	all = all[sort.Search(len(all), func(i int) bool { return string(all[i].ID) > string(after) }):]
	out := &greenroomv1.ListServersResponse{}
	if size := pageSize(r.GetPageSize()); len(all) > size {
		all = all[:size]
		out.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(all[size-1].ID))
	}
	for _, server := range all {
		out.Servers = append(out.Servers, s.server(server))
	}
	return out, nil
}

// WatchServers implements ServerService.
func (s servers) WatchServers(ctx context.Context, r *greenroomv1.WatchServersRequest, stream greenroomv1connect.ServerServiceWatchServersServerStream) error {
	return watch(
		ctx, []<-chan struct{}{s.cfg.Registry.Watch(ctx)},
		func() ([]object[string, *greenroomv1.Server], error) {
			all, err := s.cfg.Registry.ListServers(ctx, model.FleetName(r.GetFleet()))
			out := make([]object[string, *greenroomv1.Server], len(all))
			for i, server := range all {
				out[i] = object[string, *greenroomv1.Server]{
					name: string(server.ID), version: server.Revision,
					message: func() *greenroomv1.Server { return s.server(server) },
				}
			}
			return out, err
		},
		func(name string) *greenroomv1.Server { return &greenroomv1.Server{Name: name} },
		func(change greenroomv1.ChangeType, server *greenroomv1.Server) error {
			return stream.Send(&greenroomv1.WatchServersResponse{Type: change, Server: server})
		},
	)
}

// DrainServer implements ServerService.
func (s servers) DrainServer(ctx context.Context, r *greenroomv1.DrainServerRequest) (*greenroomv1.DrainServerResponse, error) {
	reason := r.GetReason()
	if reason == "" {
		reason = "asked for by " + actorOf(ctx)
	}
	server, err := s.cfg.Keeper.Drain(ctx, model.ServerID(r.GetName()), drainPolicy(r.GetPolicy()), reason)
	if err != nil {
		return nil, err
	}
	out := s.server(server)
	detail := fmt.Sprintf("hand over at %s, deadline %s: %s",
		out.GetDrain().GetHandOverAt().AsTime().Format(time.RFC3339), out.GetDrain().GetDeadlineAt().AsTime().Format(time.RFC3339), reason)
	s.audit(ctx, actorOf(ctx), "drain server", r.GetName(), detail)
	return &greenroomv1.DrainServerResponse{Server: out}, nil
}

// drainPolicy is what the request says; what it leaves out is the fleet's.
func drainPolicy(asked *greenroomv1.DrainPolicy) keeper.DrainPolicy {
	var out keeper.DrainPolicy
	if asked.GetWait() != nil {
		wait := asked.GetWait().AsDuration()
		out.Wait = &wait
	}
	if asked.GetDeadline() != nil {
		deadline := asked.GetDeadline().AsDuration()
		if deadline == 0 {
			deadline = model.DefaultDrainDeadline
		}
		out.Deadline = &deadline
	}
	return out
}

// UndrainServer implements ServerService.
func (s servers) UndrainServer(ctx context.Context, r *greenroomv1.UndrainServerRequest) (*greenroomv1.UndrainServerResponse, error) {
	server, err := s.cfg.Keeper.Undrain(ctx, model.ServerID(r.GetName()))
	if err != nil {
		return nil, err
	}
	s.audit(ctx, actorOf(ctx), "undrain server", r.GetName(), "")
	return &greenroomv1.UndrainServerResponse{Server: s.server(server)}, nil
}

// defaultTail is the number of lines of a log that are sent when the request does not say.
const defaultTail = 100

// ReadServerLogs implements ServerService.
func (s servers) ReadServerLogs(ctx context.Context, r *greenroomv1.ReadServerLogsRequest, stream greenroomv1connect.ServerServiceReadServerLogsServerStream) error {
	tail := int(r.GetTailLines())
	if tail == 0 {
		tail = defaultTail
	}
	lines := &lineWriter{send: func(lines []string) error {
		return stream.Send(&greenroomv1.ReadServerLogsResponse{Lines: lines})
	}}
	if err := s.cfg.Provider.Logs(ctx, model.ServerID(r.GetName()), tail, r.GetFollow(), lines); err != nil {
		return err
	}
	return lines.flush()
}

// maxLine bounds a line of a log in bytes: a longer one is sent in pieces.
const maxLine = 64 << 10

// lineWriter sends whole lines.
type lineWriter struct {
	send func(lines []string) error
	rest []byte // of a line that has not ended yet
}

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	var lines []string
	for len(w.rest) > 0 {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 && len(w.rest) < maxLine {
			break
		}
		cut := end + 1
		if end < 0 || end > maxLine {
			end, cut = maxLine, maxLine
		}
		lines = append(lines, clean(w.rest[:end]))
		w.rest = w.rest[cut:]
	}
	if len(lines) == 0 {
		return len(p), nil
	}
	return len(p), w.send(lines)
}

func (w *lineWriter) flush() error {
	if len(w.rest) == 0 {
		return nil
	}
	return w.send([]string{clean(w.rest)})
}

// clean makes a line that can stand in a message: programs print what they like.
func clean(line []byte) string {
	return strings.ToValidUTF8(strings.TrimSuffix(string(line), "\r"), "�")
}

func (a *API) server(s model.Server) *greenroomv1.Server { return convert.ServerProto(s, a.cfg.Now()) }
