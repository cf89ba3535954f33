package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"greenroom.dev/greenroom/internal/chaos"
	"greenroom.dev/greenroom/internal/plot"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/simulate"
	"greenroom.dev/greenroom/internal/trace"
)

// simulateCommand plays demand on fleets with the control plane's own code on a virtual clock.
type simulateCommand struct {
	outputFlag
	Files    []string `name:"file" short:"f" help:"YAML file with fleets, routes and events; - is standard input. May be repeated." placeholder:"FILE"`
	Trace    string   `xor:"demand" help:"The demand: a trace file. With --chaos: where every event is written; - is standard output." placeholder:"FILE"`
	Generate string   `xor:"demand" help:"The demand: a generated one, such as voice-day; see greenroom trace generate --help." placeholder:"KIND"`
	Scale    int      `help:"How much of what is generated." placeholder:"N"`
	Policies []string `name:"policy" help:"own, own+consolidation, agones-buffer:N, hpa:TARGET, or a YAML file with a scaling section. May be repeated." placeholder:"POLICY"`
	Seed     uint64   `default:"1" help:"The same seed does the same."`

	Boot         time.Duration `default:"30s" help:"How long servers take from their start until they are ready."`
	BootJitter   time.Duration `help:"By up to how much longer, evenly."`
	BootFailures float64       `help:"The share of the starts that fail, 0 to 1." placeholder:"SHARE"`
	Tick         time.Duration `default:"1s" help:"How often the keeper looks while no join waits."`
	LeadIn       time.Duration `default:"2h" help:"How long the trace's beginning is repeated before it, uncounted; 0 for an empty house."`

	Chaos bool   `help:"Several routers and keepers on a network that fails, in place of a demand: docs/SIMULATE.md."`
	Seeds int    `default:"1" help:"With --chaos: how many worlds, from --seed on." placeholder:"N"`
	Plant string `help:"With --chaos: a bug to be found, such as early-end; an unknown one is answered with all names." placeholder:"BUG"`

	Plot string `help:"Draw what happened: a file that ends with .svg or .png." placeholder:"FILE"`
}

// Help shows examples below the flags.
func (simulateCommand) Help() string {
	return `The real router, keeper and decisions on a virtual clock: docs/SIMULATE.md says what is virtual, and how to read the table.

Examples:
  greenroom simulate -f fleets.yaml --trace day.csv
  greenroom simulate -f fleets.yaml --generate voice-day --policy own --policy agones-buffer:2 --policy hpa:0.7 --plot day.svg
  greenroom simulate --chaos --seeds 1000`
}

func (cmd *simulateCommand) Run(ctx context.Context, c *console) error {
	if cmd.Chaos {
		debug.SetGCPercent(chaos.GCPercent)
		return cmd.chaos(ctx, c)
	}
	if len(cmd.Files) == 0 {
		return usagef("what is to be simulated? Give fleets and routes with --file FILE, or --chaos")
	}
	debug.SetGCPercent(simulate.GCPercent)
	policies, in, err := cmd.read()
	if err != nil {
		return err
	}
	if cmd.Plot != "" && cmd.format() == "" {
		return usagef("--plot %s: its name is to end with .svg or .png", cmd.Plot)
	}
	csv, err := cmd.demand(&in)
	if err != nil {
		return err
	}
	s, err := simulate.New(ctx, in)
	if err != nil {
		if ctx.Err() == nil {
			err = cmd.usage(simulate.Locate(csv, err))
		}
		return err
	}
	report := &simulateReport{}
	for i, p := range policies {
		r, err := s.Run(ctx, p, progressOf(c, p.Name, i, len(policies)))
		if err != nil {
			if ctx.Err() != nil && !r.Until.IsZero() {
				fmt.Fprintf(c.err, "stopped: %s had got to %s of %s\n", p.Name, r.Until.Format(time.RFC3339), in.Trace.End().Format(time.RFC3339))
			}
			return err
		}
		report.add(r)
	}
	if cmd.Plot != "" {
		figure := simulate.Figure(cmd.title(), report.all, in.Events, in.Trace.Start.Location())
		err := writeTo(cmd.Plot, c.out, func(w io.Writer) error { return plot.Time(w, cmd.format(), figure) })
		if err != nil {
			return fmt.Errorf("draw %s: %w", cmd.Plot, err)
		}
	}
	return printReport(c.out, cmd.Output, report)
}

// read reads the fleets and the policies.
func (cmd *simulateCommand) read() ([]simulate.Policy, simulate.Input, error) {
	in := simulate.Input{
		Seed: cmd.Seed, Tick: cmd.Tick, LeadIn: cmd.LeadIn,
		Boot: simulate.Boot{Time: cmd.Boot, Jitter: cmd.BootJitter, Failures: cmd.BootFailures},
	}
	if in.LeadIn == 0 {
		in.LeadIn = -1
	}
	check, err := rules.New()
	if err != nil {
		return nil, in, err
	}
	for _, name := range cmd.Files {
		objects, err := readManifest(name, check)
		if err != nil {
			return nil, in, usageError{err}
		}
		in.Add(objects)
	}
	names := cmd.Policies
	if len(names) == 0 {
		names = []string{simulate.Own}
	}
	if len(names) > simulate.MaxPolicies {
		return nil, in, usagef("%d policies: at most %d are compared at once", len(names), simulate.MaxPolicies)
	}
	var policies []simulate.Policy
	for _, name := range names {
		p, err := readPolicy(name, check)
		if err != nil {
			return nil, in, usageError{err}
		}
		policies = append(policies, p)
	}
	return policies, in, nil
}

func readPolicy(name string, check *rules.Checker) (simulate.Policy, error) {
	if ext := filepath.Ext(name); ext != ".yaml" && ext != ".yml" {
		return simulate.ParsePolicy(name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return simulate.Policy{}, err
	}
	return simulate.ReadPolicy(name, text, check)
}

// demand reads or generates the trace. It answers the file, for errors that name its lines.
func (cmd *simulateCommand) demand(in *simulate.Input) (csv []byte, err error) {
	switch {
	case cmd.Generate != "":
		made, err := trace.Generate(cmd.Generate, trace.Options{Seed: cmd.Seed, Scale: cmd.Scale})
		if err != nil {
			return nil, usageError{err}
		}
		in.Adopt(made)
		return nil, nil
	case cmd.Trace == "-":
		csv, err = io.ReadAll(os.Stdin)
	case cmd.Trace != "":
		csv, err = os.ReadFile(cmd.Trace)
	default:
		return nil, usagef("there is no demand: give --trace FILE or --generate KIND")
	}
	if err != nil {
		return nil, usageError{err}
	}
	in.Trace, err = trace.Read(bytes.NewReader(csv))
	return csv, cmd.usage(err)
}

// usage says what is wrong with the trace file, or with the rest of what was given.
func (cmd *simulateCommand) usage(err error) error {
	if wrong := (*trace.Error)(nil); errors.As(err, &wrong) && cmd.Trace != "" {
		return usagef("%s: %w", cmd.Trace, err)
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}

func (cmd *simulateCommand) title() string {
	if cmd.Generate != "" {
		return cmd.Generate
	}
	return filepath.Base(cmd.Trace)
}

// format is the picture's, by the file's name; "" for none that is known.
func (cmd *simulateCommand) format() string {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(cmd.Plot)), ".")
	if !slices.Contains([]string{plot.SVG, plot.PNG}, format) {
		return ""
	}
	return format
}

// progressOf says on a terminal how far a policy is.
func progressOf(c *console, policy string, i, of int) func(float64) {
	if !c.terminal() {
		return nil
	}
	shown := time.Now()
	return func(done float64) {
		switch now := time.Now(); {
		case done >= 1:
			fmt.Fprint(c.err, "\r\x1b[K")
		case now.Sub(shown) >= 200*time.Millisecond:
			shown = now
			fmt.Fprintf(c.err, "\r\x1b[K%s (%d of %d): %.0f %%", policy, i+1, of, 100*done)
		}
	}
}

// simulateReport is the results as they are printed.
type simulateReport struct {
	Results []simulateResult `json:"results"`
	all     []simulate.Result
}

// simulateResult is the contract's SimulateResult, without its points, and with the ratio.
type simulateResult struct {
	Policy            string    `json:"policy"`
	From              time.Time `json:"from"`
	Until             time.Time `json:"until"`
	BoundServerHours  float64   `json:"bound_server_hours"`
	ServerHours       float64   `json:"server_hours"`
	Ratio             float64   `json:"ratio"`
	IdleServerHours   float64   `json:"idle_server_hours"`
	IdleBooting       float64   `json:"idle_server_hours_booting"`
	IdleUnused        float64   `json:"idle_server_hours_unused"`
	IdleEmptied       float64   `json:"idle_server_hours_emptied"`
	SpreadServerHours float64   `json:"spread_server_hours"`
	PeakServers       int       `json:"peak_servers"`
	PlayerHours       float64   `json:"player_hours"`
	Currency          string    `json:"currency"`
	Cost              float64   `json:"cost"`
	CostPerPlayerHour float64   `json:"cost_per_player_hour"`
	Joins             uint64    `json:"joins"`
	JoinsWaited       uint64    `json:"joins_waited"`
	JoinsFailed       uint64    `json:"joins_failed"`
	WaitSecondsP50    float64   `json:"wait_seconds_p50"`
	WaitSecondsP99    float64   `json:"wait_seconds_p99"`
	WaitSecondsMax    float64   `json:"wait_seconds_max"`
	Sessions          uint64    `json:"sessions"`
	SessionsMoved     uint64    `json:"sessions_moved"`
	PlayersCut        uint64    `json:"players_cut"`
	Events            uint64    `json:"events"`
	Hash              string    `json:"hash"`
}

func (r *simulateReport) add(x simulate.Result) {
	p := x.Proto()
	r.all = append(r.all, x)
	r.Results = append(r.Results, simulateResult{
		Policy: x.Policy, From: x.From, Until: x.Until, BoundServerHours: x.Bound, ServerHours: x.Hours, Ratio: x.Ratio(),
		IdleServerHours: x.IdleHours, IdleBooting: x.BootHours, IdleUnused: x.UnusedHours, IdleEmptied: x.EmptyHours, SpreadServerHours: x.SpreadHours,
		PeakServers: x.Peak, PlayerHours: x.PlayerHours, Currency: x.Currency, Cost: x.Cost,
		CostPerPlayerHour: x.CostPerPlayerHour(), Joins: x.Joins, JoinsWaited: x.Waited, JoinsFailed: x.Failed,
		WaitSecondsP50: p.GetWaitSecondsP50(), WaitSecondsP99: p.GetWaitSecondsP99(), WaitSecondsMax: p.GetWaitSecondsMax(),
		Sessions: x.Sessions, SessionsMoved: x.Moved, PlayersCut: x.Cut, Events: x.Happened, Hash: p.GetHash(),
	})
}

// WriteTable prints the policies side by side.
func (r *simulateReport) WriteTable(w io.Writer) error {
	first := &r.all[0]
	fmt.Fprintf(w, "%s to %s: %d joins, %.1f player-hours; at least %.1f server-hours are needed\n\n",
		first.From.Format("2006-01-02 15:04"), first.Until.Format("2006-01-02 15:04 MST"), first.Joins, first.PlayerHours, first.Bound)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "POLICY\tSERVER-HOURS\tRATIO\tIDLE\tPEAK\tCOST\tPER PLAYER-HOUR\tWAITED\tFAILED\tWAIT P50\tP99\tMAX\tSESSIONS\tMOVED\tHASH")
	for i := range r.all {
		x := &r.all[i]
		cost, each := "-", "-"
		if x.Currency != "" {
			cost, each = fmt.Sprintf("%.2f %s", x.Cost, x.Currency), fmt.Sprintf("%.5f", x.CostPerPlayerHour())
		}
		fmt.Fprintf(t, "%s\t%.1f\t%.3f\t%.1f\t%d\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%s\n",
			x.Policy, x.Hours, x.Ratio(), x.IdleHours, x.Peak, cost, each, x.Waited, x.Failed,
			seconds(x.P50), seconds(x.P99), seconds(x.Longest), x.Sessions, x.Moved, r.Results[i].Hash)
	}
	return t.Flush()
}

// seconds prints a wait.
func seconds(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}
