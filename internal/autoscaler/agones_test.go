package autoscaler

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
)

const sentByAgones = `{"request":{"uid":"b62f7d9b-7e8f-4c1a-9f2e-3a1d9f1c0a11","name":"rooms-blue","namespace":"games",
"status":{"replicas":5,"readyReplicas":2,"reservedReplicas":0,"allocatedReplicas":3,"counters":{"rooms":{"count":7}}},
"annotations":{"a":"b"}},"response":null}`

const reviewPath = "/api/agones/fleetautoscaler/rooms"

func TestAgonesIsToldTheReplicas(t *testing.T) {
	w := newWorld(t)
	review := func() string {
		t.Helper()
		status, text := w.call(t, http.MethodPost, reviewPath, sentByAgones, func(r *http.Request) { r.SetBasicAuth("agones", "secret") })
		if status != http.StatusOK {
			t.Fatal(status, text)
		}
		return text
	}
	uid := "b62f7d9b-7e8f-4c1a-9f2e-3a1d9f1c0a11"
	if got, want := review(), fmt.Sprintf(`{"response":{"uid":%q,"scale":true,"replicas":7}}`, uid); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	w.set(func(c *observe.Count) { c.Fleets = map[model.FleetName]observe.FleetCount{"rooms": {}} })
	leave := fmt.Sprintf(`{"response":{"uid":%q,"scale":false,"replicas":0}}`, uid)
	if got := review(); got != leave {
		t.Errorf("while nothing is decided: %s; want %s", got, leave)
	}
	w.pass(2 * MaxAge)
	if got := review(); got != leave {
		t.Errorf("a census that stands still: %s; want %s", got, leave)
	}
}

func TestAgonesIsToldWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		path, body string
		auth       func(*http.Request)
		status     int
		says       string
	}{
		{reviewPath, sentByAgones, nil, 401, "as the password of an address"},
		{reviewPath, sentByAgones, bearer("wrong"), 401, "unknown, expired"},
		{"/api/agones/fleetautoscaler/moon", sentByAgones, bearer("secret"), 404, `fleet \"moon\"`},
		{reviewPath, "", bearer("secret"), 400, "FleetAutoscaleReview"},
		{reviewPath, "{", bearer("secret"), 400, "unexpected end"},
		{reviewPath, `{"request":{"uid":7}}`, bearer("secret"), 400, "cannot unmarshal number"},
		{reviewPath, `{"response":{"uid":"a"}}`, bearer("secret"), 400, "there is no request in it"},
		{reviewPath, `{"request":{"name":"rooms"}}`, bearer("secret"), 400, "request.uid is empty"},
		{reviewPath, `{"request":{"uid":"` + strings.Repeat("a", maxBytes) + `"}}`, bearer("secret"), 413, "larger than 256 KiB"},
	} {
		status, text := w.call(t, http.MethodPost, c.path, c.body, c.auth)
		var said struct{ Error string }
		if err := json.Unmarshal([]byte(text), &said); status != c.status || err != nil || !strings.Contains(text, c.says) {
			t.Errorf("%s %.40s: %d %s; want %d, %s", c.path, c.body, status, text, c.status, c.says)
		}
	}
	if status, _ := w.call(t, http.MethodGet, reviewPath, "", bearer("secret")); status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", status)
	}
}

func FuzzReadReview(f *testing.F) {
	for _, s := range []string{sentByAgones, "", "{", "null", "[]", `{"request":{}}`, `{"request":{"uid":"a","status":[1,{"x":null}]}}`, `{"request":null}`, "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		asked, err := readReview(strings.NewReader(body))
		if err == nil && asked.UID == "" {
			t.Errorf("%q was taken: %+v", body, asked)
		}
		if err != nil && !errors.Is(err, errBadReview) && !errors.Is(err, errTooLarge) {
			t.Errorf("%q: %v", body, err)
		}
	})
}
