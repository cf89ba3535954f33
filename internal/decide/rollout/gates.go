package rollout

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Verdict is what a gate says.
type Verdict string

// Verdicts.
const (
	Pass Verdict = "pass"
	Wait Verdict = "wait" // there is not enough to judge by
	Fail Verdict = "fail"
)

// Sample is what both fleets did over a gate's window. Which figures are set depends on the gate's kind.
type Sample struct{ To, From Figures }

// Figures are what one fleet did.
type Figures struct {
	Bad, All uint64    // of a RatioGate
	Joins    Latencies // of a LatencyGate
	Crashes  uint64    // of a CrashGate
	Open     int       // servers of it that take sessions; of a CrashGate
	Value    *float64  // of a PrometheusGate; nil: there is none
	Problem  string    // why there is none
	Earlier  bool      // From's alone: it gets no sessions any more, and these are of the last step in which it did
}

// Judgement is a gate's verdict and why.
type Judgement struct {
	Name                   string
	Verdict                Verdict
	Sentence               string
	ToValue, FromValue     float64 // NaN where there is none
	ToSamples, FromSamples uint64
}

// judge looks at every gate.
func (in *Input) judge() []Judgement {
	out := make([]Judgement, len(in.Spec.Gates))
	for i := range in.Spec.Gates {
		j := judging{gate: &in.Spec.Gates[i], from: in.State.From, to: in.Spec.To}
		if i < len(in.Samples) {
			j.Sample = in.Samples[i]
		}
		j.toIdle = weightOf(in.Route.Fleets, j.to) == 0
		j.fromIdle = weightOf(in.Route.Fleets, j.from) == 0
		j.out = Judgement{Name: j.gate.Name, ToValue: math.NaN(), FromValue: math.NaN()}
		j.judge()
		out[i] = j.out
	}
	return out
}

// judging is one gate being looked at.
type judging struct {
	Sample
	gate             *model.Gate
	from, to         model.FleetName
	fromIdle, toIdle bool // of weight 0: no new sessions go there
	out              Judgement
}

func (j *judging) judge() {
	switch g := j.gate; {
	case g.ConnectErrors != nil:
		j.ratio(g.ConnectErrors, "connections failed")
	case g.Reconnects != nil:
		j.ratio(g.Reconnects, "connections were lost")
	case g.JoinLatency != nil:
		j.latency(g.JoinLatency)
	case g.Crashes != nil:
		j.crashes(g.Crashes)
	case g.Prometheus != nil:
		j.prometheus(g.Prometheus)
	}
}

func (j *judging) say(v Verdict, format string, args ...any) {
	j.out.Verdict, j.out.Sentence = v, fmt.Sprintf(format, args...)
}

// enough tells whether there is enough to judge by; if not, it has been said. compared is false when only To's own bound
// can be held: From gets no sessions and has left nothing to compare with.
func (j *judging) enough(what string) (compared, ok bool) {
	least := uint64(j.gate.MinSamples)
	switch to, from := j.out.ToSamples, j.out.FromSamples; {
	case to < least && j.toIdle:
		j.say(Pass, "%s gets no new sessions: there is nothing to look at", j.to)
	case to < least:
		j.say(Wait, "%d of %d %s on %s", to, least, what, j.to)
	case from < least && j.fromIdle:
		return false, true
	case from < least:
		j.say(Wait, "%d of %d %s on %s to compare with", from, least, what, j.from)
	default:
		return true, true
	}
	return false, false
}

// ratio fails when To's share is above what is allowed by more than chance, and waits for more while it is above it at all.
func (j *judging) ratio(g *model.RatioGate, failed string) {
	to, from := share{float64(j.To.Bad), float64(j.To.All)}, share{float64(j.From.Bad), float64(j.From.All)}
	j.out.ToSamples, j.out.FromSamples, j.out.ToValue, j.out.FromValue = j.To.All, j.From.All, to.value(), from.value()
	compared, ok := j.enough("connections")
	if !ok {
		return
	}
	facts := fmt.Sprintf("%d of %d %s (%s)", j.To.Bad, j.To.All, failed, percent(to.value()))
	verdict, bounds := Pass, []string(nil)
	if g.Max > 0 {
		low, _ := to.between()
		verdict = worst(verdict, verdictOf(low > g.Max, to.value() > g.Max))
		bounds = append(bounds, fmt.Sprintf("at most %s is allowed", percent(g.Max)))
	}
	if compared {
		facts += fmt.Sprintf(", %d of %d on %s (%s)%s", j.From.Bad, j.From.All, j.from, percent(from.value()), j.earlier())
		verdict = worst(verdict, verdictOf(leastMore(to, from) > g.MaxMore, to.value()-from.value() > g.MaxMore))
		bounds = append(bounds, fmt.Sprintf("at most %s more is allowed", percent(g.MaxMore)))
	} else {
		bounds = append(bounds, j.alone())
	}
	j.conclude(verdict, facts, bounds)
}

// latency fails when more of To's joins are slower than the bound than its quantile allows, by more than chance.
func (j *judging) latency(g *model.LatencyGate) {
	to, from := j.To.Joins.Quantile(g.Quantile), j.From.Joins.Quantile(g.Quantile)
	j.out.ToSamples, j.out.FromSamples = j.To.Joins.Total(), j.From.Joins.Total()
	if j.out.ToSamples > 0 {
		j.out.ToValue = to.Seconds()
	}
	if j.out.FromSamples > 0 {
		j.out.FromValue = from.Seconds()
	}
	compared, ok := j.enough("joins")
	if !ok {
		return
	}
	slower := func(f Figures, bound time.Duration) share {
		return share{f.Joins.Above(bound), float64(f.Joins.Total())}
	}
	// above: more joins are slower than the bound than the quantile leaves, by more than chance.
	above := func(bound time.Duration) bool {
		low, _ := slower(j.To, bound).between()
		return low > 1-g.Quantile
	}
	quantile := fmt.Sprintf("%s of joins", percent(g.Quantile))
	facts := fmt.Sprintf("%s are answered within %s", quantile, brief(to))
	verdict, bounds := Pass, []string(nil)
	if g.Max > 0 {
		verdict = worst(verdict, verdictOf(above(g.Max), to > g.Max))
		bounds = append(bounds, fmt.Sprintf("at most %s is allowed", brief(g.Max)))
	}
	if compared {
		bound := max(model.LatencyFloor, time.Duration(g.MaxRatio*float64(from)))
		facts += fmt.Sprintf(", on %s within %s%s", j.from, brief(from), j.earlier())
		more := leastMore(slower(j.To, bound), slower(j.From, bound)) > 0 // From's quantile was found by chance, too
		verdict = worst(verdict, verdictOf(above(bound) && more, to > bound))
		bounds = append(bounds, fmt.Sprintf("at most %s is allowed (%v times that, at least %s)", brief(bound), g.MaxRatio, brief(model.LatencyFloor)))
	} else {
		bounds = append(bounds, j.alone())
	}
	j.conclude(verdict, facts, bounds)
}

func (j *judging) crashes(g *model.CrashGate) {
	j.out.ToSamples, j.out.FromSamples = uint64(j.To.Open), uint64(j.From.Open)
	j.out.ToValue, j.out.FromValue = float64(j.To.Crashes), float64(j.From.Crashes)
	allowed := fmt.Sprintf("%d allowed", g.Max)
	if g.Max == 0 {
		allowed = "none is allowed"
	}
	facts := fmt.Sprintf("%s of %s ended unexpectedly", model.Count(int(j.To.Crashes), "server"), j.to)
	if j.To.Crashes > uint64(g.Max) {
		j.say(Fail, "%s; %s", facts, allowed)
		return
	}
	if j.To.Open < j.gate.MinSamples && !j.toIdle {
		j.say(Wait, "%d of %d open servers of %s", j.To.Open, j.gate.MinSamples, j.to)
		return
	}
	j.say(Pass, "%s; %s", facts, allowed)
}

// prometheus never passes without a number.
func (j *judging) prometheus(g *model.PrometheusGate) {
	for _, side := range []struct {
		fleet   model.FleetName
		figures *Figures
		asked   bool
		value   *float64
		samples *uint64
	}{
		{j.to, &j.To, true, &j.out.ToValue, &j.out.ToSamples},
		{j.from, &j.From, g.MaxRatio > 0, &j.out.FromValue, &j.out.FromSamples},
	} {
		if !side.asked {
			continue
		}
		problem := side.figures.Problem
		switch v := side.figures.Value; {
		case v == nil && problem == "":
			problem = "it was not asked yet"
		case v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0)):
			problem = fmt.Sprintf("the answer is %v", *v)
		}
		if problem != "" {
			j.say(Wait, "no number for %s: %s; it does not pass without one", side.fleet, problem)
			return
		}
		*side.value, *side.samples = *side.figures.Value, 1
	}
	verdict, to := Pass, j.out.ToValue
	var bounds []string
	if g.Max != nil {
		verdict = worst(verdict, verdictOf(to > *g.Max, false))
		bounds = append(bounds, fmt.Sprintf("at most %v is allowed", *g.Max))
	}
	if g.Min != nil {
		verdict = worst(verdict, verdictOf(to < *g.Min, false))
		bounds = append(bounds, fmt.Sprintf("at least %v is asked for", *g.Min))
	}
	facts := fmt.Sprintf("%s has %v", j.to, to)
	if g.MaxRatio > 0 {
		verdict = worst(verdict, verdictOf(to > g.MaxRatio*j.out.FromValue, false))
		facts += fmt.Sprintf(", %s %v", j.from, j.out.FromValue)
		bounds = append(bounds, fmt.Sprintf("at most %v times that is allowed", g.MaxRatio))
	}
	j.conclude(verdict, facts, bounds)
}

func (j *judging) conclude(v Verdict, facts string, bounds []string) {
	sentence := facts + "; " + strings.Join(bounds, ", ")
	if v == Wait {
		sentence += "; it may be chance: more are needed"
	}
	j.out.Verdict, j.out.Sentence = v, sentence
}

func (j *judging) alone() string {
	return fmt.Sprintf("%s gets no new sessions: nothing to compare with", j.from)
}

func (j *judging) earlier() string {
	if j.From.Earlier {
		return " in an earlier step"
	}
	return ""
}

func verdictOf(fails, above bool) Verdict {
	switch {
	case fails:
		return Fail
	case above:
		return Wait
	}
	return Pass
}

// worst is the verdict that counts of two.
func worst(a, b Verdict) Verdict {
	order := []Verdict{Pass, Wait, Fail}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

func passed(gates []Judgement) bool {
	return !slices.ContainsFunc(gates, func(j Judgement) bool { return j.Verdict != Pass })
}

// failures names what fails and why; "" for nothing.
func failures(gates []Judgement) string {
	var out []string
	for _, j := range gates {
		if j.Verdict == Fail {
			out = append(out, j.Name+": "+j.Sentence)
		}
	}
	return strings.Join(out, "; ")
}
