package chaos

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(GCPercent)
	os.Exit(m.Run())
}

// TestSeeds runs 200 worlds: every rule holds in all of them, and every situation was met.
func TestSeeds(t *testing.T) {
	s, err := RunMany(t.Context(), Many{From: 1, Seeds: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Failed {
		t.Errorf("seed %d; replay: %s\n%v\n%s", r.Seed, r.Replay(), r.Broken, strings.Join(r.Last, "\n"))
	}
	if missing := s.Cover.Missing(); len(missing) > 0 {
		t.Errorf("never met: %s", strings.Join(missing, "; "))
	}
	t.Logf("%d seeds in %s", s.Seeds, s.Took)
}

// TestSameSeedSameHash: a seed's world is the same every time, alone and among others.
func TestSameSeedSameHash(t *testing.T) {
	alone := map[uint64]Result{}
	for seed := uint64(1000); seed < 1006; seed++ {
		r, err := Run(t.Context(), seed, Options{})
		if err != nil {
			t.Fatal(err)
		}
		alone[seed] = r
	}
	_, err := RunMany(t.Context(), Many{From: 1000, Seeds: 6, Workers: 4, Done: func(r Result) {
		if was := alone[r.Seed]; was.Hash != r.Hash || was.Happened != r.Happened || was.Cover != r.Cover {
			t.Errorf("seed %d: hash %x after %d events alone, %x after %d among others", r.Seed, was.Hash, was.Happened, r.Hash, r.Happened)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFound plays the worlds of testdata/found again.
func TestFound(t *testing.T) {
	text, err := os.ReadFile("testdata/found")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		word, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			r, err := Run(t.Context(), seed, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Broken) > 0 {
				t.Errorf("once found %q: %v\n%s", strings.TrimSpace(what), r.Broken, strings.Join(r.Last, "\n"))
			}
		})
	}
}

// where says which changes a world must have for a bug to be in it; of most it does not matter.
var where = map[Bug]change{
	UntriedTemplate: upgrades, DeafPause: upgrades, LostHalt: upgrades, BlindStep: rollouts, HalfRollback: rollouts,
	ForgottenNode: leaving, ToldItIsOver: leaving, DeafNotice: leaving,
	MergeEnds: merging, DeafWindow: merging, TakenForHeard: leaving, FrozenQuery: rollouts,
}

// TestBugsAreFound: every planted bug is found within a few seeds, by a rule that it breaks.
func TestBugsAreFound(t *testing.T) {
	for name, want := range map[string]struct {
		rules []Rule
		seeds uint64
	}{
		"no-generation-check": {[]Rule{Conditional}, 30},
		"shared-lease":        {[]Rule{OneHolder}, 3},
		"eternal-reservation": {[]Rule{GhostsVanish}, 6},
		"stale-report":        {[]Rule{Conditional}, 12},
		"oversell":            {[]Rule{Capacity, KnownServer}, 4},
		"no-hold":             {[]Rule{OneHost, NobodyCut}, 40},
		"deaf-router":         {[]Rule{RollbackHeard}, 12},
		"forgotten-queue":     {[]Rule{NobodyWaits}, 6},
		"remembered-server":   {[]Rule{KnownServer, Capacity}, 4},
		"early-end":           {[]Rule{NoEarlyEnd}, 6},
		"forgotten-orphan":    {[]Rule{NobodyWaits, NoOrphans, DrainsEnd}, 6}, // a drain ends when those who wait there were sent on
		"open-before-freeze":  {[]Rule{StateKept}, 6},
		"lost-state":          {[]Rule{StateKept}, 6},
		"stop-in-use":         {[]Rule{NoEarlyEnd}, 4},
		"dead-by-silence":     {[]Rule{NotOnDoubt, NoLeaks}, 20},
		"deaf-provider":       {[]Rule{NoLeaks, DrainsEnd, UpgradesEnd}, 8},
		"two-seats":           {[]Rule{OneSeat}, 30},
		"ticket-twice":        {[]Rule{OneSeat}, 30},
		"untried-template":    {[]Rule{UpgradeTried}, 40},
		"deaf-pause":          {[]Rule{UpgradeHeld}, 40},
		"lost-halt":           {[]Rule{UpgradesEnd}, 40},
		"blind-step":          {[]Rule{Conditional}, 40},
		"half-rollback":       {[]Rule{RollbackWhole}, 40},
		"forgotten-node":      {[]Rule{NothingPlaced}, 40},
		"told-it-is-over":     {[]Rule{ToldToRejoin}, 120},
		"deaf-notice":         {[]Rule{NothingPlaced, NoticedEmpty}, 40},
		"merge-ends":          {[]Rule{NoEarlyEnd, MergeEndsNone}, 80},
		"deaf-window":         {[]Rule{MergeInWindows}, 120},
		"frozen-query":        {[]Rule{GatesAnswered}, 120},
		"taken-for-heard":     {[]Rule{OneHost, NobodyCut, NoEarlyEnd}, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= want.seeds; seed++ {
				if in := where[Bugs()[name]]; in != 0 && changesOf(seed)&in == 0 {
					continue // it has nothing that the bug is in
				}
				r, err := Run(t.Context(), seed, Options{Bugs: Bugs()[name]})
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Broken) == 0 {
					continue
				}
				if !slices.Contains(want.rules, r.Broken[0].Rule) {
					t.Fatalf("seed %d found another: %v", seed, r.Broken)
				}
				t.Logf("seed %d: %s: %s", seed, r.Broken[0].Rule, r.Broken[0].What)
				return
			}
			t.Errorf("not found within %d seeds", want.seeds)
		})
	}
}

// TestEveryBugHasAName: a bug that cannot be asked for proves nothing.
func TestEveryBugHasAName(t *testing.T) {
	all := Bug(0)
	for _, b := range Bugs() {
		all |= b
	}
	if all != bugsEnd-1 {
		t.Errorf("%b has a name of %b", all, bugsEnd-1)
	}
}

// TestSituationsHaveSentences: every situation has a sentence.
func TestSituationsHaveSentences(t *testing.T) {
	for i, name := range situationNames {
		if name == "" {
			t.Errorf("situation %d has none", i)
		}
	}
	if got := fmt.Sprint(len((&Cover{}).Missing())); got != fmt.Sprint(int(situations)) {
		t.Errorf("an empty run misses %s situations", got)
	}
}
