package main

import (
	"context"
	"fmt"

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
		for _, a := range plan.GetActions() {
			fmt.Fprintf(t.w, "  does   %s %s: %s%s\n", a.GetVerb(), a.GetServer(), a.GetReason(), outcome(a.GetResult()))
		}
		for _, hold := range plan.GetHolds() {
			fmt.Fprintf(t.w, "  holds  %s\n", hold)
		}
		if len(plan.GetActions())+len(plan.GetHolds()) == 0 {
			fmt.Fprintln(t.w, "  does   nothing: everything is as wanted")
		}
	})
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
