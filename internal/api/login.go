package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sync"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/store"
)

const (
	// LoginTTL is how long a one-time login code is good.
	LoginTTL = 10 * time.Minute
	// ConsoleTTL is how long a console session is.
	ConsoleTTL = 12 * time.Hour
	// maxLogins bounds the codes that wait to be used; the oldest goes.
	maxLogins = 1000
)

// logins are the one-time codes, by hash. They live in memory: a restart voids them.
type logins struct {
	mu    sync.Mutex
	codes map[[32]byte]login
}

type login struct {
	scope store.Scope
	until time.Time
}

// NewLogin makes a one-time code whose console session will have this scope.
func (a *API) NewLogin(scope store.Scope) (code string, expires time.Time) {
	code = random()
	now := a.cfg.Now()
	expires = now.Add(LoginTTL)
	a.logins.mu.Lock()
	defer a.logins.mu.Unlock()
	var oldest [32]byte
	for hash, l := range a.logins.codes {
		if !now.Before(l.until) {
			delete(a.logins.codes, hash)
		} else if first, ok := a.logins.codes[oldest]; !ok || l.until.Before(first.until) {
			oldest = hash
		}
	}
	if len(a.logins.codes) >= maxLogins {
		delete(a.logins.codes, oldest)
	}
	a.logins.codes[sha256.Sum256([]byte(code))] = login{scope, expires}
	return code, expires
}

// take uses a code up.
func (l *logins) take(code string, now time.Time) (store.Scope, bool) {
	hash := sha256.Sum256([]byte(code))
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.codes[hash]
	delete(l.codes, hash)
	return found.scope, ok && now.Before(found.until)
}

// Login implements SystemService.
func (s system) Login(ctx context.Context, r *greenroomv1.LoginRequest) (*greenroomv1.LoginResponse, error) {
	now := s.cfg.Now()
	scope, ok := s.logins.take(r.GetCode(), now)
	if !ok {
		return nil, connect.NewError(connect.CodeUnauthenticated,
			"the login link was used already or is older than 10 minutes; make a new one with `greenroom login`")
	}
	secret, token := NewToken("console-"+randomHex(6), scope, now, now.Add(ConsoleTTL))
	if err := s.cfg.Store.PutToken(ctx, token); err != nil {
		return nil, err
	}
	s.audit(ctx, token.Name, "log in", token.Name, "scope "+scopeName(scope))
	return &greenroomv1.LoginResponse{
		Token: secret, ExpiresAt: convert.TimeProto(token.ExpiresAt), Scope: scopeProto(scope),
	}, nil
}

// CreateLogin implements SystemService.
func (s system) CreateLogin(ctx context.Context, _ *greenroomv1.CreateLoginRequest) (*greenroomv1.CreateLoginResponse, error) {
	code, expires := s.NewLogin(callerOf(ctx).Scope)
	return &greenroomv1.CreateLoginResponse{Code: code, ExpiresAt: convert.TimeProto(expires)}, nil
}

// tokenPrefix marks Greenroom's secrets, so that scanners find one that was published by mistake.
const tokenPrefix = "grt_"

// NewToken makes a fresh secret and the token that the store keeps of it. Zero expires is never.
func NewToken(name string, scope store.Scope, now, expires time.Time) (secret string, token store.Token) {
	secret = tokenPrefix + random()
	return secret, store.Token{
		Name: name, Hash: sha256.Sum256([]byte(secret)), Scope: scope, CreatedAt: now, ExpiresAt: expires,
	}
}

// random is 32 random bytes in 43 letters that need no escaping in a URL.
func random() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // likewise
	return hex.EncodeToString(b)
}
