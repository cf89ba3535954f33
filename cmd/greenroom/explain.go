package main

import (
	"context"
	"fmt"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// explainCommand prints the keeper's last plan for a fleet.
type explainCommand struct {
	outputFlag
	Fleet string `arg:"" help:"The fleet." predictor:"fleet"`
}

func (cmd *explainCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	plan, err := api.fleets.ExplainFleet(ctx, &greenroomv1.ExplainFleetRequest{Name: cmd.Fleet})
	if err != nil {
		return err
	}
	return cmd.print(c, plan, func(t *tablePrinter) {
		fmt.Fprintf(t.w, "fleet %s, planned %s\n", plan.GetFleet(), ago(t.age(plan.GetPlannedAt())))
		for _, fact := range plan.GetFacts() {
			fmt.Fprintf(t.w, "  sees   %s\n", fact)
		}
		for _, a := range plan.GetAnswers() {
			fmt.Fprintf(t.w, "  %s %s: %s\n", says(a), asked(a), a.GetReason())
		}
		for _, a := range plan.GetActions() {
			fmt.Fprintf(t.w, "  does   %s: %s%s\n", strings.TrimRight(a.GetVerb()+" "+a.GetServer(), " "), a.GetReason(), outcome(a.GetResult()))
		}
		for _, hold := range plan.GetHolds() {
			fmt.Fprintf(t.w, "  holds  %s\n", hold)
		}
		if len(plan.GetActions())+len(plan.GetHolds()) == 0 {
			fmt.Fprintln(t.w, "  does   nothing: everything is as wanted")
		}
	})
}

// says marks the answers that count.
func says(a *greenroomv1.PolicyAnswer) string {
	if a.GetDecides() {
		return "wants*"
	}
	return "wants "
}

// asked is what an answer asks for: "trend: 12 free, 3 servers".
func asked(a *greenroomv1.PolicyAnswer) string {
	var parts []string
	for _, n := range []struct {
		count uint32
		what  string
	}{{a.GetFreeSessions(), "%d free"}, {a.GetReadyServers(), "%d ready"}, {a.GetServers(), "%d in all"}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf(n.what, n.count))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing")
	}
	return a.GetName() + " " + strings.Join(parts, ", ")
}

// ago puts an age into a sentence.
func ago(age string) string {
	switch age {
	case "-":
		return "never yet"
	case "now":
		return "just now"
	default:
		return age + " ago"
	}
}

func outcome(result string) string {
	switch result {
	case "":
		return " (under way)"
	case "ok":
		return ""
	default:
		return " (" + result + ")"
	}
}
