package api

import (
	"context"
	"encoding/base64"
	"strings"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/rules"
)

type sessions struct{ *API }

var _ greenroomv1connect.SessionServiceHandler = sessions{}

// GetSession implements SessionService.
func (s sessions) GetSession(ctx context.Context, r *greenroomv1.GetSessionRequest) (*greenroomv1.GetSessionResponse, error) {
	session, err := s.cfg.Registry.GetSession(ctx, sessionRef(r.GetRoute(), r.GetKey()))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.GetSessionResponse{Session: convert.SessionProto(session)}, nil
}

// defaultPage is the number of sessions on a page when the request does not say.
const defaultPage = 1000

// ListSessions implements SessionService.
func (s sessions) ListSessions(ctx context.Context, r *greenroomv1.ListSessionsRequest) (*greenroomv1.ListSessionsResponse, error) {
	after, ok := parsePageToken(r.GetPageToken())
	if !ok {
		return nil, badPageToken(r)
	}
	size := pageSize(r.GetPageSize())
	all, err := s.cfg.Registry.ListSessions(ctx, registry.SessionFilter{
		Route: model.RouteName(r.GetRoute()), Server: model.ServerID(r.GetServer()), After: after, Limit: size + 1,
	})
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListSessionsResponse{}
	if len(all) > size {
		all = all[:size]
		out.NextPageToken = pageToken(all[size-1].SessionRef)
	}
	for _, session := range all {
		out.Sessions = append(out.Sessions, convert.SessionProto(session))
	}
	return out, nil
}

func badPageToken(request proto.Message) error {
	return badRequest(request, []rules.Violation{{Path: "page_token", Sentence: "must be the next_page_token of an earlier answer, or empty"}})
}

// pageSize is how many a page holds.
func pageSize(asked uint32) int {
	if asked == 0 {
		return defaultPage
	}
	return int(asked)
}

// pageToken names the last session of a page. Pages stay in step although sessions come and go between them.
func pageToken(last model.SessionRef) string {
	return base64.RawURLEncoding.EncodeToString([]byte(last.String()))
}

func parsePageToken(token string) (after model.SessionRef, ok bool) {
	if token == "" {
		return model.SessionRef{}, true
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	route, key, cut := strings.Cut(string(text), "/")
	if err != nil || !cut || !model.ValidKey(route) || !model.ValidKey(key) {
		return model.SessionRef{}, false
	}
	return sessionRef(route, key), true
}

// WatchSessions implements SessionService.
func (s sessions) WatchSessions(ctx context.Context, r *greenroomv1.WatchSessionsRequest, stream greenroomv1connect.SessionServiceWatchSessionsServerStream) error {
	filter := registry.SessionFilter{Route: model.RouteName(r.GetRoute()), Server: model.ServerID(r.GetServer())}
	return watch(
		ctx, []<-chan struct{}{s.cfg.Registry.Watch(ctx)},
		func() ([]object[model.SessionRef, *greenroomv1.Session], error) {
			all, err := s.cfg.Registry.ListSessions(ctx, filter)
			out := make([]object[model.SessionRef, *greenroomv1.Session], len(all))
			for i, session := range all {
				out[i] = object[model.SessionRef, *greenroomv1.Session]{
					name: session.SessionRef, version: session.Revision,
					message: func() *greenroomv1.Session { return convert.SessionProto(session) },
				}
			}
			return out, err
		},
		func(ref model.SessionRef) *greenroomv1.Session {
			return &greenroomv1.Session{Route: string(ref.Route), Key: string(ref.Key)}
		},
		func(change greenroomv1.ChangeType, session *greenroomv1.Session) error {
			return stream.Send(&greenroomv1.WatchSessionsResponse{Type: change, Session: session})
		},
	)
}

// EndSession implements SessionService.
func (s sessions) EndSession(ctx context.Context, r *greenroomv1.EndSessionRequest) (*greenroomv1.EndSessionResponse, error) {
	ref := sessionRef(r.GetRoute(), r.GetKey())
	session, err := s.cfg.Registry.GetSession(ctx, ref)
	if err != nil {
		return nil, err
	}
	reason := r.GetReason()
	if reason == "" {
		reason = "ended by " + actorOf(ctx)
	}
	if err := s.cfg.Mover.End(ctx, ref, handover.Origin{Server: session.Server, Generation: session.Generation}, 0, reason); err != nil {
		return nil, err
	}
	s.audit(ctx, actorOf(ctx), "end session", ref.String(), reason)
	return &greenroomv1.EndSessionResponse{}, nil
}

func sessionRef(route, key string) model.SessionRef {
	return model.SessionRef{Route: model.RouteName(route), Key: model.SessionKey(key)}
}
