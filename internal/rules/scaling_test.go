package rules

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// TestScaling says what is wrong with a fleet's scaling, each with the path and the fix.
func TestScaling(t *testing.T) {
	check, err := New()
	if err != nil {
		t.Fatal(err)
	}
	night := `{"cron": "0 3 * * *", "duration": "10800s", "timeZone": "Asia/Tokyo"}`
	for _, c := range []struct{ what, spec, want string }{
		{"nothing said", `{}`, ""},
		{"everything good", `{"maxServers": 20, "scaling": {
			"policies": [{"trend": {}}, {"name": "night", "schedule": {"window": ` + night + `, "servers": 20}}, {"load": {"cpuTarget": 0.7}}],
			"scaleInWindows": [` + night + `], "budgets": [{"servers": "10%"}, {"servers": "0", "window": {"cron": "0 18 * * FRI", "duration": "18000s"}}]}}`, ""},
		{"two of one name", `{"scaling": {"policies": [{"trend": {}}, {"name": "trend", "buffer": {"freeSessions": 3}}]}}`, `spec.scaling.policies[1].name must be another name: an earlier policy is called "trend"`},
		{"two of one kind", `{"scaling": {"policies": [{"buffer": {}}, {"buffer": {}}]}}`, `spec.scaling.policies[1].name must be another name`},
		{"no kind", `{"scaling": {"policies": [{"name": "x"}]}}`, `spec.scaling.policies[0].kind`},
		{"a load without a target", `{"scaling": {"policies": [{"load": {}}]}}`, `spec.scaling.policies[0].load must have a target`},
		{"everything kept free", `{"scaling": {"policies": [{"buffer": {"freePercent": 100}}]}}`, `spec.scaling.policies[0].buffer.free_percent`},
		{"a share above all", `{"scaling": {"policies": [{"occupancy": {"target": 1.2}}]}}`, `spec.scaling.policies[0].occupancy.target`},
		{"more servers than may be", `{"scaling": {"policies": [{"schedule": {"window": ` + night + `, "servers": 11}}]}}`, `spec.scaling.policies[0].schedule.servers must not be above max_servers (10), not 11: raise max_servers or ask for fewer`},
		{"a schedule of nothing", `{"scaling": {"policies": [{"schedule": {"window": ` + night + `}}]}}`, `schedule must want something`},
		{"a minimum above the default maximum", `{"minServers": 11}`, `spec.min_servers must not be above max_servers (default 10), not 11`},
		{"a minimum above the maximum", `{"minServers": 3, "maxServers": 2}`, `min_servers must not be above max_servers`},
		{"an unknown zone", `{"scaling": {"scaleInWindows": [{"cron": "0 3 * * *", "duration": "3600s", "timeZone": "Asia/Tokio"}]}}`, `spec.scaling.scale_in_windows[0].time_zone must be a name of the IANA database such as "Asia/Tokyo", not "Asia/Tokio" (did you mean Asia/Tokyo?)`},
		{"a time that never comes", `{"scaling": {"budgets": [{"servers": "1", "window": {"cron": "30 2 30 2 *", "duration": "3600s"}}]}}`, `spec.scaling.budgets[0].window.cron "30 2 30 2 *" never comes`},
		{"no cron", `{"scaling": {"policies": [{"schedule": {"window": {"cron": "at noon", "duration": "3600s"}, "servers": 1}}]}}`, `spec.scaling.policies[0].schedule.window.cron must have 5 fields`},
		{"a budget that is no number", `{"scaling": {"budgets": [{"servers": "a few"}]}}`, `spec.scaling.budgets[0].servers must be a number of servers such as "3", or a share such as "10%", not "a few"`},
		{"a price in no currency", `{"price": {"perServerHour": 1, "currency": "euro"}}`, `spec.price.currency must be the three capital letters of a currency`},
		{"a budget of none", `{"scaling": {"budgets": [{"servers": "0"}]}}`, `spec.scaling.budgets must leave a time`},
		{"a share of none", `{"maxServers": 9, "scaling": {"budgets": [{"servers": "10%"}]}}`, `spec.scaling.budgets must leave a time`},
		{"none, but of something else", `{"scaling": {"budgets": [{"servers": "0", "reasons": ["consolidation"]}]}}`, ""},
		{"none, of everything", `{"scaling": {"budgets": [{"servers": "0", "reasons": ["consolidation", "empty"]}]}}`, `spec.scaling.budgets must leave a time`},
		{"windows that a budget closes", `{"scaling": {"scaleInWindows": [` + night + `], "budgets": [{"servers": "0", "window": {"cron": "0 18 * * *", "duration": "10800s"}}]}}`, `spec.scaling.budgets must leave a time`},
		{"windows that a budget closes but for an hour", `{"scaling": {"scaleInWindows": [` + night + `], "budgets": [{"servers": "0", "window": {"cron": "0 19 * * *", "duration": "10800s"}}]}}`, ""},
		{"budgets that meet", `{"scaling": {"budgets": [
			{"servers": "0", "window": {"cron": "0 0 * * *", "duration": "43200s"}}, {"servers": "0", "window": {"cron": "0 12 * * *", "duration": "43200s"}}]}}`, `spec.scaling.budgets must leave a time`},
		{"windows too many to look at", `{"scaling": {"scaleInWindows": [{"cron": "* * * * *", "duration": "1s"}], "budgets": [{"servers": "0", "window": {"cron": "0 0 1 1 *", "duration": "86400s"}}]}}`, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := &greenroomv1.Fleet{Name: "rooms", Spec: &greenroomv1.FleetSpec{}}
			if err := protojson.Unmarshal([]byte(c.spec), f.GetSpec()); err != nil {
				t.Fatal(err)
			}
			violations, err := check.Check(f)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, v := range violations {
				said = append(said, v.String())
			}
			got := strings.Join(said, "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("says\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
