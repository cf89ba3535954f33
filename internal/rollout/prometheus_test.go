package rollout

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestParsePrometheus(t *testing.T) {
	answer := func(kind, result string) string {
		return fmt.Sprintf(`{"status":"success","data":{"resultType":%q,"result":%s}}`, kind, result)
	}
	for _, c := range []struct {
		text string
		want float64
		err  string
	}{
		{answer("vector", `[{"metric":{},"value":[1,"0.25"]}]`), 0.25, ""},
		{answer("scalar", `[1,"3"]`), 3, ""},
		{answer("vector", `[{"metric":{},"value":[1,"NaN"]}]`), math.NaN(), ""}, // the gate says what becomes of it
		{answer("vector", `[]`), 0, "the answer is empty"},
		{answer("vector", `[{"value":[1,"1"]},{"value":[1,"2"]}]`), 0, "has 2 series"},
		{answer("matrix", `[]`), 0, "is a matrix"},
		{answer("vector", `[{"value":[1,2]}]`), 0, "not Prometheus' JSON"},
		{answer("scalar", `[1,"much"]`), 0, `"much" is not a number`},
		{`{"status":"error","error":"parse\nerror"}`, 0, "the query failed: parse error"},
		{`<html>`, 0, "not Prometheus' JSON"},
		{``, 0, "not Prometheus' JSON"},
	} {
		got, err := parsePrometheus([]byte(c.text))
		if c.err == "" && (err != nil || got != c.want && !math.IsNaN(c.want)) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %v, %v", c.text, got, err)
		}
	}
}

func TestQueryPrometheus(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prom/api/v1/query" || r.FormValue("query") != "a+b" {
			http.Error(w, "no", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}`)
	}))
	defer server.Close()
	query := QueryPrometheus(server.Client())
	if v, err := query(t.Context(), server.URL+"/prom/", "a+b"); v != 7 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := query(t.Context(), server.URL, "a+b"); err == nil || !strings.Contains(err.Error(), "404 Not Found") {
		t.Errorf("not there: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := query(gone, server.URL+"/prom", "a+b"); err == nil {
		t.Error("an answer to a query that was given up")
	}
	server.Close()
	if _, err := query(t.Context(), server.URL, "a+b"); err == nil || err.Error() != server.URL+" cannot be reached: connect: connection refused" {
		t.Errorf("nobody there: %v", err)
	}
	nobody := &url.Error{Op: "Post", URL: "http://nowhere:9090", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "nowhere", Server: "192.0.2.1", Err: "no such host"}}}
	if got := root(nobody).Error(); got != "no such host" {
		t.Errorf("no such host: %q", got)
	}
}

func FuzzParsePrometheus(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1"]}]}}`))
	f.Add([]byte(`{"status":"success","data":{"resultType":"scalar","result":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := parsePrometheus(data); err != nil && v != 0 {
			t.Errorf("%v with %v", v, err)
		}
	})
}
