package scale

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// allowed is how many of n due servers may be taken away now for a reason; what forbids the rest is added to holds.
func (x *weighing) allowed(n int, reason string, holds *[]string) int {
	scaling := &x.in.Spec.Scaling
	left, why := n, ""
	bound := func(most int, sentence string) {
		if most = max(0, most); most < left {
			left, why = most, sentence
		}
	}
	if most, sentence := x.bySilence(); sentence != "" {
		bound(most, sentence)
	}
	if sentence := x.outsideWindows(); sentence != "" {
		bound(0, sentence)
	}
	for i := range scaling.Budgets {
		if most, sentence := x.budget(&scaling.Budgets[i], reason); sentence != "" {
			bound(most, sentence)
		}
	}
	if most := scaling.MaxStopsPerMinute; most > 0 {
		bound(most-x.before.stops.count(x.in.Now), fmt.Sprintf("at most %s a minute", model.Count(most, "stop")))
	}
	if left < n {
		*holds = append(*holds, fmt.Sprintf("would take %s away (%s): %s", model.Count(n-left, "server"), reason, why))
	}
	return left
}

// bySilence forbids to take anything away while a policy has never spoken, for as long as SilenceLimit.
func (x *weighing) bySilence() (most int, sentence string) {
	awake := x.in.Now.Sub(x.mem.awake)
	if len(x.silent) == 0 || awake >= SilenceLimit {
		return 0, ""
	}
	return 0, fmt.Sprintf("policy %s has not spoken yet, and is waited for %s more",
		strings.Join(x.silent, ", "), (SilenceLimit - awake).Round(time.Second))
}

// outsideWindows says that now is in none of the fleet's scale-in windows; "" when it is, or there are none.
func (x *weighing) outsideWindows() string {
	return x.closed(x.in.Spec.Scaling.ScaleInWindows, "scale-in")
}

// closed says that now is in none of the windows for something; "" when it is, or there are none.
func (x *weighing) closed(windows []model.Window, what string) string {
	if len(windows) == 0 {
		return ""
	}
	var next time.Time
	why := ""
	for _, w := range windows {
		_, in, change, err := x.inside(w, x.in.Now)
		switch {
		case err != nil:
			why = fmt.Sprintf("a %s window cannot be read (%s), so it is taken for closed", what, err)
		case in:
			return ""
		case next.IsZero() || change.Before(next):
			next = change
		}
	}
	if why == "" {
		why = fmt.Sprintf("outside of the %s windows", what)
	}
	if !next.IsZero() {
		why += fmt.Sprintf("; the next begins at %s", next.Format(clock))
	}
	return why
}

// budget is how many more servers a budget lets go now; "" when it says nothing about the reason or the time. One that
// cannot be read lets none go.
func (x *weighing) budget(b *model.Budget, reason string) (most int, sentence string) {
	if len(b.Reasons) > 0 && !slices.Contains(b.Reasons, reason) {
		return 0, ""
	}
	when := ""
	if b.Window != nil {
		_, in, end, err := x.inside(*b.Window, x.in.Now)
		if err != nil {
			return 0, fmt.Sprintf("the window of budget %q cannot be read (%s), so it allows none", b.Servers, err)
		}
		if !in {
			return 0, ""
		}
		when = " until " + end.Format(clock)
	}
	total, _, ok := model.PartOf(b.Servers, x.census.living+x.census.gone)
	if !ok {
		return 0, fmt.Sprintf("budget %q cannot be read, so it allows none", b.Servers)
	}
	return total - x.census.gone, fmt.Sprintf("budget %q allows %s on the way out at once%s, %d are",
		b.Servers, model.Count(total, "server"), when, x.census.gone)
}

// budgets is how many more servers all budgets let go now for a reason.
func (x *weighing) budgets(reason string) int {
	left := math.MaxInt
	for i := range x.in.Spec.Scaling.Budgets {
		if most, sentence := x.budget(&x.in.Spec.Scaling.Budgets[i], reason); sentence != "" {
			left = min(left, max(0, most))
		}
	}
	return left
}

// Started notes that n servers were started at now.
func (m *Memory) Started(now time.Time, n int) { m.starts = m.starts.add(now, n) }

// StartsLeft is how many servers may still be started at now by a fleet's limit for a minute.
func (m *Memory) StartsLeft(spec *model.FleetSpec, now time.Time) int {
	if spec.Scaling.MaxStartsPerMinute <= 0 {
		return math.MaxInt
	}
	return max(0, spec.Scaling.MaxStartsPerMinute-m.starts.count(now))
}

// Stopped notes that n servers were taken away at now.
func (m *Memory) Stopped(now time.Time, n int) { m.stops = m.stops.add(now, n) }

// minute counts what happened within the last minute, by the second, oldest first.
type minute []second

type second struct {
	at time.Time
	n  int
}

func (m minute) count(now time.Time) (n int) {
	for _, s := range m {
		if s.within(now) {
			n += s.n
		}
	}
	return n
}

// within tells whether it was less than a minute ago. What lies ahead was before the clock was put back.
func (s second) within(now time.Time) bool {
	ago := now.Sub(s.at)
	return ago >= 0 && ago < time.Minute
}

func (m minute) add(now time.Time, n int) minute {
	if n == 0 {
		return m
	}
	var out minute
	for _, s := range m {
		if s.within(now) {
			out = append(out, s)
		}
	}
	if last := len(out) - 1; last >= 0 && now.Sub(out[last].at) < time.Second {
		out[last].n += n
		return out
	}
	return append(out, second{now, n})
}
