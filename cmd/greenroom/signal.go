package main

import (
	"context"
	"fmt"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

type signalCommand struct {
	Set    setSignal    `cmd:"" help:"Say what a number is now."`
	List   listSignals  `cmd:"" help:"List the numbers and their ages."`
	Delete deleteSignal `cmd:"" help:"Forget a number; fleets hold what they made of it."`
}

// setSignal sets one number from outside.
type setSignal struct {
	outputFlag
	Name  string  `arg:"" help:"Its name, as external policies of fleets give it."`
	Value float64 `arg:"" help:"What it is now. Write a negative one after --."`
}

// Help shows examples below the flags.
func (setSignal) Help() string {
	return `A fleet follows it with an external policy: ceil(value ÷ target) servers. Set it again before the policy's
max_age (2 minutes unless said) is over; what is older is stale, and no server is taken away for it.

Examples:
  greenroom signal set lobby/queue 120
  while sleep 10; do greenroom signal set lobby/queue "$(count-players)"; done`
}

func (cmd *setSignal) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	set, err := api.signals.SetSignal(ctx, &greenroomv1.SetSignalRequest{Signal: &greenroomv1.Signal{Name: cmd.Name, Value: cmd.Value}})
	if err != nil {
		return err
	}
	return cmd.print(c, set.GetSignal(), func(t *tablePrinter) { t.row(set.GetSignal().GetName(), set.GetSignal().GetValue()) })
}

type listSignals struct{ outputFlag }

func (cmd *listSignals) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	list, err := api.signals.ListSignals(ctx, &greenroomv1.ListSignalsRequest{})
	if err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "no signals; greenroom signal set NAME VALUE makes one"
		t.row("NAME", "VALUE", "AGE")
		for _, s := range list.GetSignals() {
			t.row(s.GetName(), s.GetValue(), s.GetAt())
		}
	})
}

type deleteSignal struct {
	Name string `arg:"" help:"Its name."`
}

func (cmd *deleteSignal) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if _, err := api.signals.DeleteSignal(ctx, &greenroomv1.DeleteSignalRequest{Name: cmd.Name}); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "signal %s forgotten\n", cmd.Name)
	return nil
}
