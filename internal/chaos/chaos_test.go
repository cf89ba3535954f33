package chaos

import (
	"os"
	"runtime/debug"

	"greenroom.dev/greenroom/internal/simulate"
	"strconv"
	"testing"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(simulate.GCPercent)
	os.Exit(m.Run())
}

func TestOne(t *testing.T) {
	from, n := 1, 5
	if s := os.Getenv("SEED"); s != "" {
		from, _ = strconv.Atoi(s)
		n = 1
	}
	if s := os.Getenv("N"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	opt := Options{}
	if s := os.Getenv("TRACE"); s != "" {
		f, _ := os.Create(s)
		opt.Trace = f
	}
	bad := map[Rule]int{}
	for i := range n {
		r, err := Run(t.Context(), uint64(from+i), opt)
		if err != nil {
			t.Fatal(err)
		}
		if n < 10 || len(r.Broken) > 0 {
			t.Log(r.Seed, r.Hash, r.Happened, r.Lasted, r.Broken)
		}
		for _, b := range r.Broken {
			bad[b.Rule]++
		}
		if n == 1 {
			for _, l := range r.Last {
				t.Log(l)
			}
			for _, c := range r.Cover.List() {
				if c.Times == 0 {
					t.Log(c)
				}
			}
		}
	}
	t.Log(bad)
}
