package agonessdk

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// FuzzREST: whatever a game sends, it gets one JSON object and a documented status.
func FuzzREST(f *testing.F) {
	for _, body := range []string{"", "{}", "{}{}", "[", `{"key":"map","value":"forest"}`, `{"seconds":"-9223372036854775808"}`, "\xff"} {
		f.Add(body)
	}
	facts := memory.New(time.Unix(0, 0))
	sdk := New(Config{Registry: facts, Now: time.Now})
	c := &child{id: id, path: memoPath(f.TempDir()), changed: make(chan struct{})}
	if _, err := facts.AddServer(f.Context(), model.Server{ID: id, State: model.ServerStarting}); err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	routeREST(mux, handler{sdk, c})
	f.Fuzz(func(t *testing.T, body string) {
		for path, method := range map[string]string{
			"/ready": http.MethodPost, "/reserve": http.MethodPost, "/health": http.MethodPost,
			"/metadata/label": http.MethodPut, "/metadata/annotation": http.MethodPut,
		} {
			answer := httptest.NewRecorder()
			mux.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader(body)))
			if answer.Code != http.StatusOK && answer.Code != http.StatusBadRequest && answer.Code != http.StatusInternalServerError {
				t.Errorf("%s %q: status %d", path, body, answer.Code)
			}
			if !json.Valid(answer.Body.Bytes()) {
				t.Errorf("%s %q: %s", path, body, answer.Body)
			}
		}
	})
}
