package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/store"
)

// operates tells the writes that whoever operates does: they ask for no more than fleets may have.
func operates(procedure string) bool {
	return slices.Contains([]string{"ApplyEvent", "DeleteEvent", "DeleteSignal"}, methodName(procedure))
}

// TestEveryProcedureHasAScope goes through the contract itself, so that a new procedure cannot be forgotten.
func TestEveryProcedureHasAScope(t *testing.T) {
	open := map[string]bool{}
	seen := 0
	protoregistry.GlobalFiles.RangeFilesByPackage("greenroom.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				procedure := "/" + string(service.FullName()) + "/" + string(service.Methods().Get(j).Name())
				seen++
				need, listed := scopeOf(procedure)
				if listed == isLink(procedure) {
					t.Errorf("%s: listed %v, a link's %v", procedure, listed, isLink(procedure))
				}
				if need == store.ScopeNone {
					open[methodName(procedure)] = true
				}
				if writes := strings.Contains(procedure, "/Apply") || strings.Contains(procedure, "/Delete") || strings.Contains(procedure, "Token"); writes && need != store.ScopeAdmin && !operates(procedure) {
					t.Errorf("%s needs only %s", procedure, scopeName(need))
				}
			}
		}
		return true
	})
	if seen < 30 || len(open) != 2 || !open["GetVersion"] || !open["Login"] {
		t.Errorf("of %d procedures, these need no token: %v", seen, open)
	}
}

func TestWithoutAToken(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ secret, words string }{
		{"", "no API token was given"},
		{"grt_guessed", "unknown, expired or revoked"},
	} {
		client := w.as(c.secret)
		_, err := greenroomv1connect.NewFleetServiceClient(client).ListFleets(t.Context(), &greenroomv1.ListFleetsRequest{})
		wantCode(t, err, connect.CodeUnauthenticated, c.words, "greenroom token create", "admin.token")
		v, err := greenroomv1connect.NewSystemServiceClient(client).GetVersion(t.Context(), &greenroomv1.GetVersionRequest{})
		if err != nil || v.GetVersion() != "1.2.3" {
			t.Errorf("version: %v, %v", v, err)
		}
	}
}

func TestAScopeIncludesTheLowerOnes(t *testing.T) {
	w := newWorld(t)
	w.plaza(t, w.admin(t))
	w.openServer(t, "rooms-abcdefgh", "rooms", 1000, 10)
	calls := []struct {
		need store.Scope
		call func(*connect.Client) error
	}{
		{store.ScopeView, func(c *connect.Client) error {
			_, err := greenroomv1connect.NewFleetServiceClient(c).ListFleets(context.Background(), &greenroomv1.ListFleetsRequest{})
			return err
		}},
		{store.ScopeJoin, func(c *connect.Client) error {
			_, err := greenroomv1connect.NewJoinServiceClient(c).Join(context.Background(), &greenroomv1.JoinRequest{Route: "plaza", Players: []string{"ann"}})
			return err
		}},
		{store.ScopeOperate, func(c *connect.Client) error {
			_, err := greenroomv1connect.NewServerServiceClient(c).UndrainServer(context.Background(), &greenroomv1.UndrainServerRequest{Name: "rooms-abcdefgh"})
			return err
		}},
		{store.ScopeAdmin, func(c *connect.Client) error {
			_, err := greenroomv1connect.NewSystemServiceClient(c).ListTokens(context.Background(), &greenroomv1.ListTokensRequest{})
			return err
		}},
	}
	for scope := store.ScopeView; scope <= store.ScopeAdmin; scope++ {
		client := w.as(w.token(t, "t-"+scopeName(scope), scope))
		for _, c := range calls {
			err := c.call(client)
			if c.need <= scope && err != nil {
				t.Errorf("%s may not do what needs %s: %v", scopeName(scope), scopeName(c.need), err)
			}
			if c.need > scope {
				wantCode(t, err, connect.CodePermissionDenied, "t-"+scopeName(scope), "--scope "+scopeName(c.need))
			}
		}
	}
}

func TestTokensAreMadeUsedAndRevoked(t *testing.T) {
	w := newWorld(t)
	admin := greenroomv1connect.NewSystemServiceClient(w.admin(t))
	ctx := t.Context()
	made, err := admin.CreateToken(ctx, &greenroomv1.CreateTokenRequest{Name: "ci", Scope: greenroomv1.Scope_SCOPE_VIEW, ExpiresIn: durationpb.New(time.Hour)})
	if err != nil || !strings.HasPrefix(made.GetSecret(), tokenPrefix) {
		t.Fatalf("%v, %v", made, err)
	}
	list := func() error {
		_, err := greenroomv1connect.NewFleetServiceClient(w.as(made.GetSecret())).ListFleets(ctx, &greenroomv1.ListFleetsRequest{})
		return err
	}
	if err := list(); err != nil {
		t.Fatal(err)
	}
	all, err := admin.ListTokens(ctx, &greenroomv1.ListTokensRequest{})
	if err != nil || len(all.GetTokens()) != 2 || all.GetTokens()[1].GetLastUsedAt() == nil {
		t.Errorf("%v, %v", all, err)
	}
	_, err = admin.CreateToken(ctx, &greenroomv1.CreateTokenRequest{Name: "ci", Scope: greenroomv1.Scope_SCOPE_VIEW})
	wantCode(t, err, connect.CodeAlreadyExists, "ci")
	_, err = admin.CreateToken(ctx, &greenroomv1.CreateTokenRequest{Name: "console-x", Scope: greenroomv1.Scope_SCOPE_VIEW})
	wantCode(t, err, connect.CodeInvalidArgument, "console-")
	_, err = admin.CreateToken(ctx, &greenroomv1.CreateTokenRequest{Name: "x"})
	wantCode(t, err, connect.CodeInvalidArgument, "scope")

	if _, err := admin.RevokeToken(ctx, &greenroomv1.RevokeTokenRequest{Name: "ci"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, list(), connect.CodeUnauthenticated) // at once, although it was remembered
	_, err = admin.RevokeToken(ctx, &greenroomv1.RevokeTokenRequest{Name: "ci"})
	wantCode(t, err, connect.CodeNotFound, "ci")
}

func TestAnExpiredTokenIsNotRememberedPastItsEnd(t *testing.T) {
	w := newWorld(t)
	secret, token := NewToken("short", store.ScopeView, w.now(), w.now().Add(2*time.Second))
	if err := w.store.PutToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	client := greenroomv1connect.NewFleetServiceClient(w.as(secret))
	if _, err := client.ListFleets(t.Context(), &greenroomv1.ListFleetsRequest{}); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * time.Second)
	_, err := client.ListFleets(t.Context(), &greenroomv1.ListFleetsRequest{})
	wantCode(t, err, connect.CodeUnauthenticated)
}

func TestALoginLinkIsGoodOnceAndForTenMinutes(t *testing.T) {
	w := newWorld(t)
	anybody := greenroomv1connect.NewSystemServiceClient(w.as(""))
	operator := greenroomv1connect.NewSystemServiceClient(w.as(w.token(t, "ops", store.ScopeOperate)))
	ctx := t.Context()
	made, err := operator.CreateLogin(ctx, &greenroomv1.CreateLoginRequest{})
	if err != nil || !made.GetExpiresAt().AsTime().Equal(w.now().Add(LoginTTL)) {
		t.Fatalf("%v, %v", made, err)
	}
	session, err := anybody.Login(ctx, &greenroomv1.LoginRequest{Code: made.GetCode()})
	if err != nil || session.GetScope() != greenroomv1.Scope_SCOPE_OPERATE || !session.GetExpiresAt().AsTime().Equal(w.now().Add(ConsoleTTL)) {
		t.Fatalf("%v, %v", session, err)
	}
	if _, err := greenroomv1connect.NewFleetServiceClient(w.as(session.GetToken())).ListFleets(ctx, &greenroomv1.ListFleetsRequest{}); err != nil {
		t.Error(err)
	}
	_, err = anybody.Login(ctx, &greenroomv1.LoginRequest{Code: made.GetCode()})
	wantCode(t, err, connect.CodeUnauthenticated, "used already")

	code, _ := w.NewLogin(store.ScopeAdmin)
	w.pass(LoginTTL)
	_, err = anybody.Login(ctx, &greenroomv1.LoginRequest{Code: code})
	wantCode(t, err, connect.CodeUnauthenticated, "10 minutes")
}

func TestWaitingLoginsAreBounded(t *testing.T) {
	w := newWorld(t)
	first, _ := w.NewLogin(store.ScopeView)
	w.pass(time.Second)
	var last string
	for range maxLogins {
		last, _ = w.NewLogin(store.ScopeView)
	}
	if n := len(w.logins.codes); n != maxLogins {
		t.Errorf("%d codes wait", n)
	}
	if _, ok := w.logins.take(first, w.now()); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := w.logins.take(last, w.now()); !ok {
		t.Error("the newest is gone")
	}
}

func TestTheUnforeseenIsLoggedOnceUnderAnIncident(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewJoinServiceClient(w.admin(t))
	request := &greenroomv1.JoinRequest{Route: "plaza", Players: []string{"ann"}}
	w.engine.fault = errors.New("secret internals")
	_, err := client.Join(t.Context(), request)
	wantCode(t, err, connect.CodeInternal, "incident")
	id := detail[*errdetails.ErrorInfo](t, err).GetMetadata()["incident"]
	if strings.Contains(err.Error(), "secret") || id == "" || !strings.Contains(err.Error(), id) {
		t.Errorf("reply %v with incident %q", err, id)
	}
	if log := w.log.String(); strings.Count(log, id) != 1 || !strings.Contains(log, "secret internals") || !strings.Contains(log, "JoinService/Join") || !strings.Contains(log, `"actor":"admin"`) {
		t.Errorf("log %s", log)
	}
	w.cfg.Router = nil // a panic inside a handler
	_, err = client.Join(t.Context(), request)
	wantCode(t, err, connect.CodeInternal, "incident")
	if !strings.Contains(w.log.String(), "panic") {
		t.Error("the panic is not logged")
	}
}
