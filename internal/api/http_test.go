package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/store"
)

// serve puts a server on a port of the loopback, with HTTP/1.1 and unencrypted HTTP/2 as in the real binary.
func serve(t testing.TB, server *connect.Server, options ...connecthttp.Option) string {
	t.Helper()
	mux := http.NewServeMux()
	connecthttp.Mount(mux, server, options...)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewUnstartedServer(mux)
	_ = h.Listener.Close()
	h.Listener = listener
	h.Config.Protocols = new(http.Protocols)
	h.Config.Protocols.SetHTTP1(true)
	h.Config.Protocols.SetUnencryptedHTTP2(true)
	h.Start()
	t.Cleanup(h.Close)
	return h.URL
}

// httpClient speaks HTTP/2 without TLS, or HTTP/1.1.
func httpClient(t testing.TB, http2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols), MaxIdleConnsPerHost: 64}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// post is curl's part: a JSON body, and a JSON answer.
func post(t *testing.T, url, secret, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	answer, err := httpClient(t, false).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%d %s: %v", answer.StatusCode, text, err)
	}
	return answer.StatusCode, out
}

func TestJSONAsCurlSendsIt(t *testing.T) {
	w := newWorld(t)
	w.plaza(t, w.admin(t))
	w.openServer(t, "rooms-abcdefgh", "rooms", 10, 10)
	url := serve(t, w.server, HTTPOptions()...)
	join := url + greenroomv1connect.JoinServiceJoinProcedure
	secret := w.token(t, "game", store.ScopeJoin)

	code, answer := post(t, join, secret, `{"route":"plaza","key":"room-7","players":["ann"]}`)
	if code != http.StatusOK || answer["server"] != "rooms-abcdefgh" || answer["created"] != true {
		t.Fatalf("%d %v", code, answer)
	}
	if code, answer := post(t, url+greenroomv1connect.SystemServiceGetVersionProcedure, "", `{}`); code != http.StatusOK || answer["version"] != "1.2.3" {
		t.Errorf("%d %v", code, answer)
	}
	for _, c := range []struct {
		what, secret, body, words string
		code                      int
	}{
		{"no token", "", `{"route":"plaza","players":["ann"]}`, "greenroom token create", http.StatusUnauthorized},
		{"no JSON", secret, `players: ann`, "invalid", http.StatusBadRequest},
		{"an unknown field", secret, `{"route":"plaza","plyers":["ann"]}`, `unknown field "plyers"`, http.StatusBadRequest},
		{"a wrong type", secret, `{"route":7,"players":["ann"]}`, "route", http.StatusBadRequest},
		{"an impossible number", secret, `{"route":"plaza","players":["ann"],"maxWait":"-5s"}`, "max_wait must be", http.StatusBadRequest},
		{"nobody", secret, `{"route":"plaza","players":[]}`, "players must contain at least 1", http.StatusBadRequest},
		{"no such route", secret, `{"route":"nowhere","players":["ann"]}`, "nowhere", http.StatusNotFound},
		{"too large", secret, `{"route":"` + strings.Repeat("x", MaxRequestBytes) + `"}`, "larger than configured max", http.StatusTooManyRequests},
	} {
		code, answer := post(t, join, c.secret, c.body)
		message, _ := answer["message"].(string)
		if code != c.code || !strings.Contains(message, c.words) {
			t.Errorf("%s: %d %.300v", c.what, code, answer)
		}
	}
	if code, answer := post(t, url+greenroomv1connect.FleetServiceApplyFleetProcedure, secret, `{"fleet":{"name":"x","spec":{}}}`); code != http.StatusForbidden {
		t.Errorf("%d %v", code, answer)
	}
}

func TestAllProtocolsOnOnePort(t *testing.T) {
	w := newWorld(t)
	secret := w.token(t, "root", store.ScopeAdmin)
	w.plaza(t, w.as(secret))
	w.openServer(t, "rooms-abcdefgh", "rooms", 10, 10)
	url := serve(t, w.server, HTTPOptions()...)
	for _, c := range []struct {
		what    string
		http2   bool
		options []connecthttp.Option
	}{
		{"Connect over HTTP/1.1", false, nil},
		{"Connect JSON over HTTP/2", true, []connecthttp.Option{connecthttp.WithProtoJSON()}},
		{"gRPC over HTTP/2", true, []connecthttp.Option{connecthttp.WithGRPC()}},
		{"gRPC-Web over HTTP/1.1", false, []connecthttp.Option{connecthttp.WithGRPCWeb()}},
	} {
		t.Run(c.what, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client := connect.NewClient(connecthttp.NewTransport(httpClient(t, c.http2), url, c.options...), bearer(secret))
			r, err := greenroomv1connect.NewJoinServiceClient(client).Join(ctx, &greenroomv1.JoinRequest{Route: "plaza", Key: "room-7", Players: []string{"ann"}})
			if err != nil || r.GetServer() != "rooms-abcdefgh" {
				t.Fatalf("%v, %v", r, err)
			}
			_, err = greenroomv1connect.NewFleetServiceClient(client).ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: &greenroomv1.Fleet{Name: "X", Spec: &greenroomv1.FleetSpec{}}})
			wantCode(t, err, connect.CodeInvalidArgument)
			if got := violations(t, err); !strings.HasPrefix(got, "name: must be 1 to 63") {
				t.Errorf("violations %q", got)
			}
			anonymous := connect.NewClient(connecthttp.NewTransport(httpClient(t, c.http2), url, c.options...))
			_, err = greenroomv1connect.NewFleetServiceClient(anonymous).ListFleets(ctx, &greenroomv1.ListFleetsRequest{})
			wantCode(t, err, connect.CodeUnauthenticated, "admin.token")

			stream, err := greenroomv1connect.NewServerServiceClient(client).WatchServers(ctx, &greenroomv1.WatchServersRequest{})
			if err != nil {
				t.Fatal(err)
			}
			got := seen(t, 2, func() (greenroomv1.ChangeType, string, error) {
				r, err := stream.Receive()
				return r.GetType(), r.GetServer().GetName(), err
			})
			want(t, got, "added rooms-abcdefgh", "synced")
		})
	}
}

func TestAnswersHoldNoSecrets(t *testing.T) {
	w := newWorld(t)
	secret := w.token(t, "root", store.ScopeAdmin)
	url := serve(t, w.server, HTTPOptions()...)
	_, answer := post(t, url+greenroomv1connect.SystemServiceListTokensProcedure, secret, `{}`)
	text, err := json.Marshal(answer)
	if err != nil || bytes.Contains(text, []byte(secret)) || bytes.Contains(bytes.ToLower(text), []byte("hash")) {
		t.Errorf("%s, %v", text, err)
	}
}
