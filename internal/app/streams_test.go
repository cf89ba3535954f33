package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestStreamsEndWithLifeAndCallsDoNot(t *testing.T) {
	life, end := context.WithCancel(t.Context())
	ended := map[string]bool{}
	handler := endStreams(life, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		end()
		if path := r.URL.Path; streamPaths()[path] {
			<-r.Context().Done() // or the test hangs
		}
		ended[r.URL.Path] = r.Context().Err() != nil
	}))
	for path, want := range map[string]bool{
		"/greenroom.v1.LinkService/Link":                true,
		"/greenroom.v1.ServerService/WatchServers":      true,
		"/greenroom.v1.ServerService/ReadServerLogs":    true,
		"/externalscaler.ExternalScaler/StreamIsActive": true,
		"/greenroom.v1.JoinService/Join":                false,
		"/":                                             false,
	} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil))
		if ended[path] != want {
			t.Errorf("%s ended: %v, want %v", path, ended[path], want)
		}
	}
}
