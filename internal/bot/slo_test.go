package bot

import (
	"strings"
	"testing"
)

func TestParseSLO(t *testing.T) {
	for text, want := range map[string]string{
		"p99<80ms,cpu<30%":           "p99<80ms,cpu<30%",
		" p50 <= 0.05s , loss<=0.5%": "p50<=50ms,loss<=0.5%",
		"max<1s,p95<1.5ms,gaps<=0":   "max<1000ms,p95<1.5ms,gaps<=0",
		"gaps<3":                     "gaps<3",
	} {
		slo, err := ParseSLO(text)
		if err != nil || slo.String() != want {
			t.Errorf("%q: %v, %v; want %s", text, slo, err, want)
			continue
		}
		if again, err := ParseSLO(slo.String()); err != nil || again.String() != slo.String() {
			t.Errorf("%q is not read back: %v, %v", slo, again, err)
		}
	}
}

func TestBadSLO(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "nothing is here",
		"p99<80ms,":              "at character 10",
		"p99<80ms, p98<1s":       `objective "p98<1s", at character 11`,
		"p99":                    "there is no < or <=",
		"p99>80ms":               "there is no < or <=",
		"p99<80":                 `"80" is no duration such as 80ms`,
		"cpu<30":                 `"30" is no percentage such as 30%`,
		"cpu<NaN%":               "no percentage",
		"loss<x%":                "no percentage",
		"gaps<=1.5":              `"1.5" is no number of events`,
		"gaps<0":                 "nothing is below 0",
		"p99<-1ms":               "nothing is below -1ms",
		"cpu<30%,p50<1s,cpu<=1%": "cpu is bounded twice",
		"p99<<80ms":              "no duration",
	} {
		slo, err := ParseSLO(text)
		if err == nil {
			t.Errorf("%q was taken: %v", text, slo)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), SLOExample) {
			t.Errorf("%q: %q says neither %q nor gives an example", text, err, want)
		}
	}
}

func TestObjectiveHolds(t *testing.T) {
	slo, err := ParseSLO("p99<80ms,cpu<=30%")
	if err != nil {
		t.Fatal(err)
	}
	below, atMost := slo[0], slo[1]
	if !below.Holds(79.9) || below.Holds(80) || !atMost.Holds(30) || atMost.Holds(30.1) {
		t.Error("bounds are at the wrong side")
	}
}

func FuzzParseSLO(f *testing.F) {
	for _, seed := range []string{SLOExample, "p50<=0.05s,loss<=0.5%", "gaps<1,max<2h", "p99<", "<=,<"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		slo, err := ParseSLO(text)
		if err != nil {
			return
		}
		again, err := ParseSLO(slo.String())
		if err != nil || again.String() != slo.String() {
			t.Fatalf("%q reads as %q, which reads as %q: %v", text, slo, again, err)
		}
	})
}
