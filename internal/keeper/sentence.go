package keeper

import (
	"fmt"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
)

// past are the verbs as the feed tells them.
var past = map[plan.Verb]string{
	plan.Start: "started", plan.Open: "opened", plan.Cordon: "cordoned", plan.Uncordon: "uncordoned",
	plan.Drain: "began to drain", plan.HandOver: "hands over from", plan.End: "ended what was left on", plan.Empty: "emptied",
	plan.Stop: "stops", plan.Stopped: "saw the end of", plan.Unhealthy: "gave up", plan.Retire: "removed the fleet",
	plan.Undrain: "took the drain back of", plan.Avoid: "sends sessions to others than", plan.Welcome: "sends sessions again to",
	plan.Halt: "stopped the upgrade",
}

// decision puts what is known so far into a Decision.
func (d *decided) decision() Decision {
	first := d.actions[0]
	out := Decision{At: d.at, Verb: first.Verb, Reason: first.Reason, Result: ok}
	for _, a := range d.actions {
		if a.Server != "" {
			out.Servers = append(out.Servers, a.Server)
		}
		if out.Result == ok || out.Result == "" && a.Result != ok {
			out.Result = a.Result
		}
	}
	out.Sentence = fmt.Sprintf("%s%s: %s", past[first.Verb], object(out), first.Reason)
	return out
}

func object(d Decision) string {
	switch {
	case d.Verb == plan.Retire, d.Verb == plan.Halt:
		return ""
	case len(d.Servers) == 1 && d.Verb != plan.Start:
		return " " + string(d.Servers[0])
	default:
		return " " + model.Count(len(d.Servers), "server")
	}
}
