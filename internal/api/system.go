package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
)

type system struct{ *API }

var _ greenroomv1connect.SystemServiceHandler = system{}

// GetVersion implements SystemService.
func (s system) GetVersion(context.Context, *greenroomv1.GetVersionRequest) (*greenroomv1.GetVersionResponse, error) {
	v := s.cfg.Version
	return &greenroomv1.GetVersionResponse{Version: v.Version, Commit: v.Commit, StartedAt: convert.TimeProto(v.StartedAt)}, nil
}

// CreateToken implements SystemService.
func (s system) CreateToken(ctx context.Context, r *greenroomv1.CreateTokenRequest) (*greenroomv1.CreateTokenResponse, error) {
	if strings.HasPrefix(r.GetName(), "console-") {
		return nil, badRequest(r, []rules.Violation{{Path: "name", Sentence: "must be another name: those starting with console- are console sessions"}})
	}
	now := s.cfg.Now()
	var expires time.Time
	if r.GetExpiresIn() != nil {
		expires = now.Add(r.GetExpiresIn().AsDuration())
	}
	secret, token := NewToken(r.GetName(), scopeModel(r.GetScope()), now, expires)
	if err := s.cfg.Store.PutToken(ctx, token); errors.Is(err, store.ErrConflict) {
		return nil, connect.Errorf(connect.CodeAlreadyExists, "there is a token %s already; revoke it first or choose another name", r.GetName())
	} else if err != nil {
		return nil, err
	}
	s.audit(ctx, actorOf(ctx), "create token", r.GetName(), "scope "+scopeName(token.Scope))
	return &greenroomv1.CreateTokenResponse{Token: tokenProto(token), Secret: secret}, nil
}

// ListTokens implements SystemService.
func (s system) ListTokens(ctx context.Context, _ *greenroomv1.ListTokensRequest) (*greenroomv1.ListTokensResponse, error) {
	all, err := s.cfg.Store.ListTokens(ctx)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListTokensResponse{}
	for _, t := range all {
		out.Tokens = append(out.Tokens, tokenProto(t))
	}
	return out, nil
}

// RevokeToken implements SystemService.
func (s system) RevokeToken(ctx context.Context, r *greenroomv1.RevokeTokenRequest) (*greenroomv1.RevokeTokenResponse, error) {
	if err := s.cfg.Store.RevokeToken(ctx, r.GetName()); err != nil {
		return nil, err
	}
	s.tokens.forget()
	s.audit(ctx, actorOf(ctx), "revoke token", r.GetName(), "")
	return &greenroomv1.RevokeTokenResponse{}, nil
}

// defaultAudit is the number of lines when the request does not say.
const defaultAudit = 100

// ListAudit implements SystemService.
func (s system) ListAudit(ctx context.Context, r *greenroomv1.ListAuditRequest) (*greenroomv1.ListAuditResponse, error) {
	limit := int(r.GetLimit())
	if limit == 0 {
		limit = defaultAudit
	}
	entries, err := s.cfg.Store.ListAudit(ctx, limit)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListAuditResponse{}
	for _, e := range entries {
		out.Entries = append(out.Entries, auditProto(e))
	}
	return out, nil
}
