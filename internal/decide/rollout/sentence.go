package rollout

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// standing says how the rollout stands, in a sentence.
func (in *Input) standing(gates []Judgement) string {
	s, last := &in.State, in.State.LastMove()
	switch s.Phase {
	case model.RolloutRunning:
		if len(s.Moves) == 0 {
			return "about to begin"
		}
		return in.progress(gates)
	case model.RolloutPaused:
		return fmt.Sprintf("paused at %s since %s by %s: %s", Percent(s.Weight), clock(last.At), last.Actor, last.Reason)
	case model.RolloutRolledBack:
		out := fmt.Sprintf("rolled back to %s at %s by %s: %s", Shares(s.Before), clock(last.At), last.Actor, last.Reason)
		if s.Drains {
			out += fmt.Sprintf("; the servers of %s are about to drain", in.Spec.To)
		}
		return out
	case model.RolloutDone:
		return fmt.Sprintf("done at %s by %s: %s has %s", clock(last.At), last.Actor, in.Spec.To, Percent(s.Weight))
	default:
		return fmt.Sprintf("%s at %s: %s", s.Phase, clock(last.At), last.Reason)
	}
}

// progress says where one that is running is, and what it waits for.
func (in *Input) progress(gates []Judgement) string {
	out := fmt.Sprintf("%s since %s", Percent(in.State.Weight), age(in.Now.Sub(in.State.StepSince)))
	if in.Since.After(in.State.StepSince) {
		out += fmt.Sprintf(", counted anew since %s", clock(in.Since))
	}
	if left := in.holdEnd().Sub(in.Now); left > 0 {
		out += fmt.Sprintf(", held for another %s", age(left+time.Second-1))
	}
	waits := waiting(gates)
	if len(waits) > 0 {
		return out + "; " + strings.Join(waits, "; ")
	}
	if next, ok := in.Spec.NextWeight(in.State.Weight); ok {
		return out + fmt.Sprintf("; then %s", Percent(next))
	}
	return out + "; then it is done"
}

func waiting(gates []Judgement) (out []string) {
	for _, j := range gates {
		if j.Verdict != Pass {
			out = append(out, j.Name+" "+string(j.Verdict)+"s: "+j.Sentence)
		}
	}
	return out
}

func (in *Input) reasonToGoOn(gates []Judgement) string {
	return fmt.Sprintf("%s was held for %s and %s passed", Percent(in.State.Weight), age(in.Now.Sub(in.counted())), model.Count(len(gates), "gate"))
}

func (in *Input) impatience(gates []Judgement) string {
	return fmt.Sprintf("nothing went on for %s after the step's hold: %s", age(in.Spec.Patience), strings.Join(waiting(gates), "; "))
}

func (in *Input) foreignSentence() string {
	return fmt.Sprintf("somebody else changed route %s: its weights are %s (generation %d), the rollout's were %s (generation %d)",
		in.Route.Name, Shares(in.Route.Fleets), in.Route.Generation, Shares(in.State.Weights), in.State.RouteGeneration)
}

// Shares says weights to people: "old 90 %, new 10 %".
func Shares(weights []model.FleetWeight) string {
	parts := make([]string, len(weights))
	for i, w := range weights {
		parts[i] = fmt.Sprintf("%s %s", w.Fleet, Percent(w.Weight))
	}
	return strings.Join(parts, ", ")
}

// Weights prints weights for a log: "old=900000,new=100000".
func Weights(weights []model.FleetWeight) string {
	parts := make([]string, len(weights))
	for i, w := range weights {
		parts[i] = fmt.Sprintf("%s=%d", w.Fleet, w.Weight)
	}
	return strings.Join(parts, ",")
}

// Percent prints parts per million: 100 is "0.01 %".
func Percent(w model.PPM) string {
	return strconv.FormatFloat(float64(w)/1e4, 'f', -1, 64) + " %"
}

// percent prints a share with as many places as it needs to be told from 0 and from its like.
func percent(v float64) string {
	places := 1
	if v > 0 && v < 0.001 {
		places = 3
	}
	return strconv.FormatFloat(v*100, 'f', places, 64) + " %"
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// age prints a duration in the unit that fits: "45 s", "4 min", "3 h 10 min".
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d/time.Second)))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	default:
		return fmt.Sprintf("%d h %d min", int(d/time.Hour), int(d%time.Hour/time.Minute))
	}
}

// brief prints a latency.
func brief(d time.Duration) string {
	if d >= 100*time.Millisecond {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
