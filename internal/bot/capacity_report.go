package bot

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Capacity is what FindCapacity found.
type Capacity struct {
	SLO   string  `json:"slo"`
	Wire  string  `json:"wire"`
	Hz    float64 `json:"hz"`
	Bytes int     `json:"value_bytes,omitempty"`
	// Players is the most that were measured and for whom all objectives held; 0: not even one, or none was measured.
	Players int `json:"players_per_room"`
	// Least is the fewest for whom they did not; 0: none was tried.
	Least       int  `json:"first_broken,omitempty"`
	Interrupted bool `json:"interrupted,omitempty"`
	// At is the step with Players players, Above the one with Least.
	At         *CapacityStep  `json:"at,omitempty"`
	Above      *CapacityStep  `json:"above,omitempty"`
	Bottleneck *Bottleneck    `json:"bottleneck,omitempty"` // nil: nothing was measured
	Steps      []CapacityStep `json:"steps"`                // by players
}

func (f *finder) report(interrupted bool) Capacity {
	c := Capacity{
		SLO: f.cfg.SLO.String(), Wire: f.cfg.Wire, Hz: f.cfg.Hz, Bytes: f.cfg.ValueBytes, Interrupted: interrupted,
		Players: f.search.good, Least: f.search.bad, Steps: slices.Clone(f.steps),
	}
	slices.SortStableFunc(c.Steps, func(a, b CapacityStep) int { return cmp.Compare(a.Players, b.Players) })
	for i := range c.Steps {
		switch s := &c.Steps[i]; {
		case s.Met && s.Players == c.Players:
			c.At = s
		case !s.Met && s.Players == c.Least:
			c.Above = s
		}
	}
	if telling := cmp.Or(c.Above, c.At); telling != nil {
		b := bottleneckOf(*telling, f.cfg.SLO)
		c.Bottleneck = &b
	}
	return c
}

// WriteTable writes the report for people.
func (c Capacity) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "players\tp50 ms\tp99 ms\tserver CPU %\tdeliveries/s\tpackets/s\tMB/s\tloss %\tgaps\tbots CPU %\t")
	for _, s := range c.Steps {
		mark := ""
		if !s.Met {
			mark = "  " + strings.Join(s.Broke, "; ")
		}
		fmt.Fprintf(t, "%d\t%.1f\t%.1f\t%s\t%.0f\t%.0f\t%.2f\t%.2f\t%d\t%.0f\t%s\n", s.Players, s.P50, s.P99, cpuWord(s.ServerCPU),
			s.Deliveries, s.Packets, s.Bytes/1e6, s.Loss, s.Gaps, s.BotsCPU, mark)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", c.sentences())
	return err
}

// Line is a step in one line.
func (s CapacityStep) Line() string {
	verdict := "holds"
	if !s.Met {
		verdict = strings.Join(s.Broke, "; ")
	}
	return fmt.Sprintf("%d players: p99 %.1f ms, CPU %s %%, %.0f deliveries/s, %.2f MB/s: %s",
		s.Players, s.P99, cpuWord(s.ServerCPU), s.Deliveries, s.Bytes/1e6, verdict)
}

func cpuWord(percent *float64) string {
	if percent == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f", *percent)
}

// sentences are the report in words.
func (c Capacity) sentences() string {
	var b strings.Builder
	what := fmt.Sprintf("players a room at %s (%g Hz, %s)", c.SLO, c.Hz, c.Wire)
	switch {
	case c.Players == 0 && c.Least == 0:
		return "Nothing was measured."
	case c.Players == 0:
		fmt.Fprintf(&b, "Not even one: no number of %s.", what)
	case c.Least == 0 && c.Interrupted:
		fmt.Fprintf(&b, "At least %d %s; it was interrupted there.", c.Players, what)
	case c.Least == 0:
		fmt.Fprintf(&b, "At least %d %s: no more were tried.", c.Players, what)
	default:
		fmt.Fprintf(&b, "%d %s; it broke at %d: %s.", c.Players, what, c.Least, strings.Join(c.Above.Broke, "; "))
	}
	if c.Interrupted && c.Least > 0 {
		b.WriteString(" It was interrupted before it was sure.")
	}
	if s := c.At; s != nil {
		fmt.Fprintf(&b, "\nThere the room takes %s %% of a core, and sends %.0f packets and %.2f MB a second (counted by the %s).",
			cpuWord(s.ServerCPU), s.Packets, s.Bytes/1e6, s.Counted)
	}
	if c.Bottleneck != nil {
		fmt.Fprintf(&b, "\nBottleneck: %s. %s.", c.Bottleneck.Name, strings.ToUpper(c.Bottleneck.Why[:1])+c.Bottleneck.Why[1:])
	}
	return b.String()
}
