package main

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/simulate"
)

// TestTheDefaultPolicyHoldsItsTargets is the bench in small: the shorter houses, a twentieth of their scale, one rival in one of them.
func TestTheDefaultPolicyHoldsItsTargets(t *testing.T) {
	plots := t.TempDir()
	for _, h := range houses()[1:] {
		t.Run(h.generator, func(t *testing.T) {
			o := options{variation: variation{seed: 1, scale: 0.05, boot: 30 * time.Second}, plots: plots}
			if h.generator == "flash-crowd" {
				o.rivals, o.floors = []string{"agones-buffer:2"}, 2
			}
			in, err := h.input(".", o.variation)
			if err != nil {
				t.Fatal(err)
			}
			in.LeadIn = 30 * time.Minute
			table, err := runHouse(context.Background(), h, in, o)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			table.print(&out)
			t.Log(out.String())
			own := table.Rows[0]
			if own.Failed > 0 || own.P99 > 0 || own.Joins == 0 {
				t.Errorf("%d of %d joins failed, the 99th percentile waited %.1f s", own.Failed, own.Joins, own.P99)
			}
			for _, x := range table.Rows {
				if x.Hours <= 0 || x.Bound <= 0 || x.Policy != atOnce && x.Waited == 0 && x.Hours < x.Bound {
					t.Errorf("%s spends %.1f server-hours, and the bound is %.1f", x.Policy, x.Hours, x.Bound)
				}
			}
			for _, f := range table.Floors {
				if f.Ratio < 1 || f.Ratio > 1.1*own.Ratio { // chance is large in a small house
					t.Errorf("who %s: %.3f times the bound, the default policy %.3f", f.Who, f.Ratio, own.Ratio)
				}
			}
			if h.generator == "flash-crowd" && len(table.Floors) == 0 {
				t.Error("there are no floors")
			}
			if best, any := table.cheapestRival(); any && best.Hours < own.Hours {
				t.Errorf("%s waits no more than the default policy and spends %.1f server-hours, less than %.1f", best.Policy, best.Hours, own.Hours)
			}
			file, err := os.ReadFile(filepath.Join(plots, h.generator+".png"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := png.Decode(bytes.NewReader(file)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestChecks(t *testing.T) {
	did := func(policy string, hours float64, waited, failed uint64) row {
		return row{Policy: policy, Ratio: hours / 100, Hours: hours, Bound: 100, Joins: 1000, Waited: waited, Failed: failed}
	}
	for _, c := range []struct {
		name   string
		rows   []row
		missed int
	}{
		{"all met", []row{did(simulate.Own, 120, 0, 0), did("hpa:0.7", 130, 0, 0)}, 0},
		{"too much", []row{did(simulate.Own, 126, 0, 0)}, 1},
		{"one failed", []row{did(simulate.Own, 120, 0, 1)}, 1},
		{"a rival is cheaper", []row{did(simulate.Own, 120, 0, 0), did("hpa:0.7", 119, 0, 0)}, 1},
		{"but lets joins wait", []row{did(simulate.Own, 120, 0, 0), did("hpa:0.7", 119, 1, 0)}, 0},
		{"consolidation is no rival", []row{did(simulate.Own, 120, 0, 0), did(simulate.OwnMerged, 110, 0, 0)}, 0},
		{"consolidation makes one wait", []row{did(simulate.Own, 120, 0, 0), did(simulate.OwnMerged, 110, 1, 0)}, 1},
		{"no rival is at once", []row{did(simulate.Own, 120, 5, 0), did(atOnce, 110, 0, 0)}, 0},
	} {
		var r report
		r.add(&table{House: "h", Rows: c.rows})
		if got := r.missed(); got != c.missed {
			t.Errorf("%s: %d missed, want %d: %+v", c.name, got, c.missed, r.Checks)
		}
	}
}
