package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect/v2"

	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/store"
)

// tokenMemory is how long a token that was found is believed without asking the store again. Revoking one through this
// API forgets it at once.
const tokenMemory = 5 * time.Second

// tokenCache remembers tokens by hash. It holds only tokens that exist, and so is as small as their number.
type tokenCache struct {
	mu    sync.RWMutex
	known map[[32]byte]cachedToken
}

type cachedToken struct {
	token *store.Token
	until time.Time
}

// call is what is known of one call. The outermost interceptor puts it into the context, so that it can say who called
// when something goes wrong further in.
type call struct{ caller *store.Token }

type callKey struct{}

// callerOf answers the token that a call was made with; nil where none is needed.
func callerOf(ctx context.Context) *store.Token {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.caller
	}
	return nil
}

// actorOf is the caller's name in the audit log.
func actorOf(ctx context.Context) string {
	if t := callerOf(ctx); t != nil {
		return t.Name
	}
	return "nobody"
}

// authenticate lets a call through whose token is known and may do it.
func (a *API) authenticate(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		need, listed := scopeOf(spec.Procedure)
		if isLink(spec.Procedure) || listed && need == store.ScopeNone {
			return next(ctx, spec, stream)
		}
		token, err := a.caller(ctx)
		if err != nil {
			return err
		}
		if !listed || token.Scope < need {
			return connect.Errorf(connect.CodePermissionDenied,
				"token %s has scope %s; %s needs %s: make a token with `greenroom token create --scope %s`",
				token.Name, scopeName(token.Scope), methodName(spec.Procedure), scopeName(need), scopeName(need))
		}
		ctx.Value(callKey{}).(*call).caller = token // faults put it there
		if spec.StreamType&connect.StreamTypeServer != 0 {
			stream = &guardedStream{ServerStream: stream, api: a, ctx: ctx, until: a.cfg.Now().Add(tokenMemory)}
		}
		return next(ctx, spec, stream)
	}
}

// guardedStream asks again and again whether the token of a long stream is still good, so that revoking it ends what it
// watches, with the next thing that would be sent.
type guardedStream struct {
	connect.ServerStream
	api   *API
	ctx   context.Context
	until time.Time
}

// Send sends if the token is still good.
func (s *guardedStream) Send(msg any) error {
	if now := s.api.cfg.Now(); !now.Before(s.until) {
		if _, err := s.api.caller(s.ctx); err != nil {
			return err
		}
		s.until = now.Add(tokenMemory)
	}
	return s.ServerStream.Send(msg)
}

// caller finds the token of a call.
func (a *API) caller(ctx context.Context) (*store.Token, error) {
	info, _ := connect.CallInfoForServerContext(ctx)
	header := info.RequestHeader().Get("Authorization")
	if header == "" {
		return nil, unauthenticated("no API token was given")
	}
	secret, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return nil, unauthenticated("the Authorization header must be `Bearer TOKEN`")
	}
	token, err := a.lookUp(ctx, secret)
	if errors.Is(err, store.ErrNotFound) {
		return nil, unauthenticated("the API token is unknown, expired or revoked")
	}
	return token, err
}

// KnowsToken tells whether a secret is that of a living token, of whatever scope: for what is served beside the API.
func (a *API) KnowsToken(ctx context.Context, secret string) (bool, error) {
	_, err := a.lookUp(ctx, secret)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// lookUp finds the token of a secret; store.ErrNotFound.
func (a *API) lookUp(ctx context.Context, secret string) (*store.Token, error) {
	now := a.cfg.Now()
	hash := sha256.Sum256([]byte(secret))
	if t := a.tokens.find(hash, now); t != nil {
		return t, nil
	}
	token, err := a.cfg.Store.FindToken(ctx, hash, now)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Store.TouchToken(ctx, token.Name, now); err != nil { // a full disk must not keep players out
		a.log.LogAttrs(ctx, slog.LevelWarn, "use of a token not noted", slog.String(observe.KeyActor, token.Name), slog.Any(observe.KeyError, err))
	}
	return a.tokens.keep(&token, now), nil
}

func unauthenticated(what string) *connect.Error {
	return connect.NewError(connect.CodeUnauthenticated, what+
		"; give one as `Authorization: Bearer TOKEN`: make it with `greenroom token create`, or use the one in the file admin.token of the data folder")
}

func (c *tokenCache) find(hash [32]byte, now time.Time) *store.Token {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if k, ok := c.known[hash]; ok && now.Before(k.until) {
		return k.token
	}
	return nil
}

func (c *tokenCache) keep(t *store.Token, now time.Time) *store.Token {
	until := now.Add(tokenMemory)
	if !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(until) {
		until = t.ExpiresAt
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for hash, k := range c.known { // what is over goes, so that revoked and expired tokens do not pile up
		if !now.Before(k.until) {
			delete(c.known, hash)
		}
	}
	c.known[t.Hash] = cachedToken{t, until}
	return t
}

func (c *tokenCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
}

// methodName is the last part of a procedure.
func methodName(procedure string) string { return procedure[strings.LastIndexByte(procedure, '/')+1:] }
