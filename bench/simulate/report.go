package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"greenroom.dev/greenroom/internal/simulate"
)

// ratioTarget is what the default policy may spend for each server-hour of the bound.
const ratioTarget = 1.25

// report is what -o writes.
type report struct {
	Seed        uint64   `json:"seed"`
	Scale       float64  `json:"scale"`
	BootSeconds float64  `json:"boot_seconds"`
	Houses      []*table `json:"houses"`
	Checks      []check  `json:"checks"`
}

// table is what the policies did in a house.
type table struct {
	House string `json:"house"`
	Slots int    `json:"sessions_on_a_server"`
	Rows  []row  `json:"policies"`
	// Floors say how far policies could come that never move a session.
	Floors []floor `json:"floors,omitempty"`
}

type row struct {
	Policy      string  `json:"policy"`
	Ratio       float64 `json:"ratio_to_bound"`
	Hours       float64 `json:"server_hours"`
	Bound       float64 `json:"bound_server_hours"`
	Idle        float64 `json:"idle_server_hours"`
	Boot        float64 `json:"booting_server_hours"`
	Unused      float64 `json:"unused_server_hours"`
	Empty       float64 `json:"empty_server_hours"`
	Spread      float64 `json:"spread_server_hours"`
	Cost        float64 `json:"cost"`
	PerPlayer   float64 `json:"cost_per_player_hour"`
	Joins       uint64  `json:"joins"`
	Waited      uint64  `json:"joins_waited"`
	Failed      uint64  `json:"joins_failed"`
	P99         float64 `json:"wait_seconds_p99"`
	Longest     float64 `json:"wait_seconds_max"`
	Sessions    uint64  `json:"sessions"`
	Moved       uint64  `json:"sessions_moved"`
	Cut         uint64  `json:"players_cut"`
	Peak        int     `json:"peak_servers"`
	WallSeconds float64 `json:"simulated_in_seconds"`
}

func newRow(r simulate.Result, wall time.Duration) row {
	return row{
		r.Policy, r.Ratio(), r.Hours, r.Bound, r.IdleHours, r.BootHours, r.UnusedHours, r.EmptyHours, r.SpreadHours, r.Cost, r.CostPerPlayerHour(), r.Joins, r.Waited, r.Failed,
		r.P99.Seconds(), r.Longest.Seconds(), r.Sessions, r.Moved, r.Cut, r.Peak, wall.Seconds(),
	}
}

// waitsNoMoreThan tells whether under a no more joins failed than under b, no more waited, and the 99th percentile waited no
// longer.
func (a row) waitsNoMoreThan(b row) bool {
	return a.Failed <= b.Failed && a.Waited <= b.Waited && a.P99 <= b.P99
}

// check is a target and what was measured.
type check struct {
	House  string `json:"house"`
	What   string `json:"what"`
	Target string `json:"target"`
	Got    string `json:"measured"`
	Met    bool   `json:"met"`
}

// add takes a house in and holds its default policy against the targets.
func (r *report) add(t *table) {
	r.Houses = append(r.Houses, t)
	own := t.Rows[0]
	add := func(what, target string, met bool, got string, args ...any) {
		r.Checks = append(r.Checks, check{t.House, what, target, fmt.Sprintf(got, args...), met})
	}
	add("server-hours to the bound", "at most 1.25", own.Ratio <= ratioTarget, "%.3f", own.Ratio)
	add("joins that failed", "none", own.Failed == 0, "%d of %d", own.Failed, own.Joins)
	add("99th percentile of the joins' waits", "0", own.P99 == 0, "%.1f s, %d joins waited", own.P99, own.Waited)
	if m, any := t.row(simulate.OwnMerged); any {
		add("server-hours to the bound, with consolidation", "at most 1.25", m.Ratio <= ratioTarget, "%.3f", m.Ratio)
		add("waits, failures and players cut, with consolidation", "no more than without", m.waitsNoMoreThan(own) && m.Cut <= own.Cut,
			"%d waited, %d failed, %d cut; %d of %d sessions moved", m.Waited, m.Failed, m.Cut, m.Moved, m.Sessions)
	}
	if best, any := t.cheapestRival(); any {
		add("cheapest rival that waits no more", "spends more", best.Hours > own.Hours, "%s %.1f server-hours, own %.1f", best.Policy, best.Hours, own.Hours)
	}
}

// cheapestRival is the cheapest of those that wait no more than the own policy.
func (t *table) cheapestRival() (best row, any bool) {
	for _, x := range t.Rows[1:] {
		if x.rival() && x.waitsNoMoreThan(t.Rows[0]) && (!any || x.Hours < best.Hours) {
			best, any = x, true
		}
	}
	return best, any
}

// rival tells whether the row is of somebody else's rule.
func (a row) rival() bool {
	return a.Policy != simulate.Own && a.Policy != simulate.OwnMerged && a.Policy != atOnce
}

// row is that of a policy.
func (t *table) row(policy string) (row, bool) {
	i := slices.IndexFunc(t.Rows, func(x row) bool { return x.Policy == policy })
	if i < 0 {
		return row{}, false
	}
	return t.Rows[i], true
}

func (t *table) print(w io.Writer) {
	own := t.Rows[0]
	fmt.Fprintf(w, "\n%s: %d joins, %d sessions, %d on a server; the bound is %.1f server-hours\n\n", t.House, own.Joins, own.Sessions, t.Slots, own.Bound)
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "policy\tratio\tserver-hours\tbooting\tunused\tempty\tspread\tcost\tper player-hour\twaited\tfailed\tp99\tlongest\tmoved\tpeak\twaits no more, and\t")
	for i, x := range t.Rows {
		verdict := ""
		if i > 0 && x.Policy != atOnce && x.waitsNoMoreThan(own) {
			verdict = fmt.Sprintf("spends %+.1f %%", (x.Hours/own.Hours-1)*100)
		}
		fmt.Fprintf(out, "%s\t%.3f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.5f\t%d\t%d\t%.1f s\t%.1f s\t%d\t%d\t%s\t\n",
			x.Policy, x.Ratio, x.Hours, x.Boot, x.Unused, x.Empty, x.Spread, x.Cost, x.PerPlayer, x.Waited, x.Failed, x.P99, x.Longest, x.Moved, x.Peak, verdict)
	}
	out.Flush()
	printFloors(w, t.Floors)
}

func (r *report) printChecks(w io.Writer) {
	fmt.Fprintln(w, strings.Repeat("-", 40))
	for _, c := range r.Checks {
		verdict := "met   "
		if !c.Met {
			verdict = "MISSED"
		}
		fmt.Fprintf(w, "%s  %s: %s: target %s, measured %s\n", verdict, c.House, c.What, c.Target, c.Got)
	}
}

func (r *report) missed() (n int) {
	for _, c := range r.Checks {
		if !c.Met {
			n++
		}
	}
	return n
}

// shown are the rows that are drawn: the own policy, and of each kind of rival one.
func (t *table) shown() []row {
	out := []row{t.Rows[0]}
	for _, kind := range []string{simulate.AgonesBuffer, simulate.HPA} {
		var best row
		for _, x := range t.Rows[1:] {
			if name, _, _ := strings.Cut(x.Policy, ":"); name == kind && (best.Policy == "" || x.better(best, t.Rows[0])) {
				best = x
			}
		}
		if best.Policy != "" {
			out = append(out, best)
		}
	}
	return out
}

// better tells whether a is the better rival of own than b: it waits no more than own where b does, or as much and spends
// less; or neither does, and fewer joins fail or wait.
func (a row) better(b, own row) bool {
	if x, y := a.waitsNoMoreThan(own), b.waitsNoMoreThan(own); x != y {
		return x
	} else if x {
		return a.Hours < b.Hours
	}
	return a.Failed+a.Waited < b.Failed+b.Waited
}
