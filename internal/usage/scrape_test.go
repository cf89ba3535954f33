package usage

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestScrape(t *testing.T) {
	const page = `# HELP a what it is
a_total 3
sent_bytes{door="ws",note="a } in it"} 1.5e3
sent_bytes{door="mqtt"} 500 1700000000
rooms 0

broken{
word only
`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(page))
	}))
	defer server.Close()
	got, err := Scrape(t.Context(), server.Client(), server.URL+"/metrics")
	want := map[string]float64{"a_total": 3, "sent_bytes": 2000, "rooms": 0}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if _, err := Scrape(t.Context(), server.Client(), server.URL+"/other"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a page that is not there: %v", err)
	}
}
