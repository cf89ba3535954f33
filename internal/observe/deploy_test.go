package observe

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"go.yaml.in/yaml/v4"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
)

// families are the names of all metrics on /metrics, after everything that can be counted has happened.
func families(t *testing.T) map[string]bool {
	t.Helper()
	set := metrics.NewSet()
	m := NewMetrics(MetricsConfig{Set: set, Census: ticked(t, Sources{Registry: someFacts()})})
	m.Fault("not_found")
	m.Joined(Join{Route: "plaza", Fleet: "rooms", Outcome: JoinSeated, Waited: time.Second})
	m.Became(model.ServerStarting, model.Server{Fleet: "rooms", State: model.ServerReady})
	m.Decided("rooms", plan.Open, 1, true)
	all := map[string]bool{}
	for _, l := range regexp.MustCompile(`(?m)^(# TYPE )?([a-z_]+)(\{[^}]*\})? `).FindAllStringSubmatch(string(m.render(MaxSeries)), -1) {
		all[l[2]] = true
	}
	return all
}

// What dashboards and alerts name is there: a metric that is renamed or dropped must not leave them blind.
func TestDashboardsAndAlertsNameMetricsThatThereAre(t *testing.T) {
	there := families(t)
	if !there["greenroom_servers_wanted"] || !there["greenroom_join_wait_seconds_bucket"] {
		t.Fatalf("families %v", there)
	}
	metric := regexp.MustCompile(`greenroom_[a-z_]+`)
	for _, file := range []string{"grafana/greenroom.json", "prometheus/greenroom.rules.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		named := metric.FindAllString(string(text), -1)
		if len(named) < 10 {
			t.Errorf("%s names %d metrics", file, len(named))
		}
		for _, name := range named {
			if !there[name] {
				t.Errorf("%s names %s, which is not on /metrics", file, name)
			}
		}
	}
}

func TestDashboardIsOne(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "grafana", "greenroom.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil || dashboard.Title == "" {
		t.Fatal(err, dashboard.Title)
	}
	seen := map[int]bool{}
	for _, p := range dashboard.Panels {
		if seen[p.ID] || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q: no title, no query, or an id that another has", p.ID, p.Title)
		}
		seen[p.ID] = true
		for _, q := range p.Targets {
			balanced(t, q.Expr)
		}
	}
}

// Every alert says what to do.
func TestAlertsSayWhatToDo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "prometheus", "greenroom.rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      struct{ Severity string }
				Annotations struct{ Summary, Action string }
			}
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.Groups[0].Rules {
		if r.Alert == "" || r.Annotations.Summary == "" || r.Annotations.Action == "" || r.Labels.Severity != "page" && r.Labels.Severity != "ticket" {
			t.Errorf("%+v", r)
		}
		balanced(t, r.Expr)
	}
	if n := len(rules.Groups[0].Rules); n < 8 {
		t.Errorf("%d alerts", n)
	}
}

// balanced finds what a slip of the hand does to an expression.
func balanced(t *testing.T, expr string) {
	t.Helper()
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(expr, pair[:1]) != strings.Count(expr, pair[1:]) {
			t.Errorf("%s: %s do not match", expr, pair)
		}
	}
	if strings.Count(expr, `"`)%2 != 0 {
		t.Errorf("%s: an odd number of quotes", expr)
	}
}
