package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// bench is a run: what was asked for and what has come of it so far.
type bench struct {
	options
	report report
}

func newBench(o options) *bench {
	return &bench{options: o, report: report{
		Machine: machine{Cores: runtime.NumCPU(), Go: runtime.Version(), LoadAtStart: loadAverage()},
		Rounds:  o.rounds, Seconds: o.span.Seconds(), Sections: map[string]*table{},
	}}
}

// report is what -o writes.
type report struct {
	Machine  machine           `json:"machine"`
	Rounds   int               `json:"rounds"`
	Seconds  float64           `json:"seconds_each"`
	Checks   []check           `json:"checks"`
	Sections map[string]*table `json:"sections"`
}

type machine struct {
	Cores       int    `json:"cores"`
	Go          string `json:"go"`
	LoadAtStart string `json:"load_average_at_start"` // of the last 1, 5 and 15 minutes
	LoadAtEnd   string `json:"load_average_at_end"`
	// OtherCores is what everybody else took while something was measured, the median.
	OtherCores float64 `json:"other_cores"`
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// end notes what the machine did besides.
func (r *report) end() {
	r.Machine.LoadAtEnd = loadAverage()
	var others []float64
	for _, t := range r.Sections {
		for _, row := range t.Rows {
			for _, s := range row.Rounds {
				others = append(others, s.OtherCores)
			}
		}
	}
	r.Machine.OtherCores = middle(others)
}

// idleMachine is how much other work, in cores, still leaves latencies and ratios of some worth.
const idleMachine = 0.2

// table is a section: what each server did, medians over the rounds.
type table struct {
	What string `json:"what"`
	Rows []row  `json:"rows"`
}

type row struct {
	Server   string  `json:"server"`
	Settings string  `json:"settings,omitempty"`
	Median   sample  `json:"median"`
	Ratio    float64 `json:"cpu_ratio_to_best_peer,omitempty"` // the median of the rounds' ratios
	// More is what the section alone knows, in words.
	More   map[string]float64 `json:"more,omitempty"`
	Rounds []sample           `json:"rounds"`
}

// check is a target and what was measured.
type check struct {
	Section string `json:"section"`
	What    string `json:"what"`
	Target  string `json:"target"`
	Got     string `json:"measured"`
	Met     bool   `json:"met"`
}

func (b *bench) check(section, what, target string, met bool, got string, args ...any) {
	b.report.Checks = append(b.report.Checks, check{section, what, target, fmt.Sprintf(got, args...), met})
}

func (r *report) printChecks(w io.Writer) {
	fmt.Fprintf(w, "\n%d cores, load average %s at the start, %s at the end\n\n", r.Machine.Cores, r.Machine.LoadAtStart, r.Machine.LoadAtEnd)
	if r.Machine.OtherCores > idleMachine {
		fmt.Fprintf(w, "NOTE    others took %.2f cores meanwhile: latencies tell of them, and brokers that come late look cheaper\n", r.Machine.OtherCores)
	}
	for _, c := range r.Checks {
		verdict := "met   "
		if !c.Met {
			verdict = "MISSED"
		}
		fmt.Fprintf(w, "%s  %s: %s — target %s, measured %s\n", verdict, c.Section, c.What, c.Target, c.Got)
	}
}

// median answers each figure's own.
func median(all []sample) sample {
	of := func(get func(*sample) float64) float64 {
		values := make([]float64, len(all))
		for i := range all {
			values[i] = get(&all[i])
		}
		return middle(values)
	}
	return sample{
		CPUPerMillion: of(func(s *sample) float64 { return s.CPUPerMillion }),
		Cores:         of(func(s *sample) float64 { return s.Cores }),
		P50:           of(func(s *sample) float64 { return s.P50 }),
		P99:           of(func(s *sample) float64 { return s.P99 }),
		RSSMiB:        of(func(s *sample) float64 { return s.RSSMiB }),
		Delivered:     of(func(s *sample) float64 { return s.Delivered }),
		PerSecond:     of(func(s *sample) float64 { return s.PerSecond }),
		LoadCores:     of(func(s *sample) float64 { return s.LoadCores }),
		OtherCores:    of(func(s *sample) float64 { return s.OtherCores }),
		LateP99:       of(func(s *sample) float64 { return s.LateP99 }),
	}
}

// middle is the median; of an even number of values the mean of the two in the middle.
func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", t.What)
	fmt.Fprintf(w, "%-26s %10s %7s %7s %8s %8s %8s %8s %6s %6s\n",
		"server", "CPU-s/M", "ratio", "cores", "p50 ms", "p99 ms", "RSS MiB", "deliv. %", "load", "others")
	for _, r := range t.Rows {
		ratio := "-"
		if r.Ratio > 0 {
			ratio = fmt.Sprintf("%.3f", r.Ratio)
		}
		m := r.Median
		fmt.Fprintf(w, "%-26s %10.3f %7s %7.3f %8.1f %8.1f %8.1f %8.1f %6.2f %6.2f\n",
			r.Server, m.CPUPerMillion, ratio, m.Cores, m.P50, m.P99, m.RSSMiB, m.Delivered, m.LoadCores, m.OtherCores)
	}
}

// rounds measures every server with its load once a round, in an order that turns.
func (b *bench) rounds(run func(i int) (sample, error), name func(i int) string, n int) ([][]sample, error) {
	all := make([][]sample, n)
	for round := range b.options.rounds {
		for k := range n {
			i := (k + round) % n
			s, err := run(i)
			if err != nil {
				return all, err
			}
			all[i] = append(all[i], s)
			fmt.Fprintf(os.Stderr, "round %d of %d: %-26s %8.3f CPU-s/M  %6.3f cores  p99 %7.1f ms  %5.1f %% delivered  (load %.2f, others %.2f cores)%s\n",
				round+1, b.options.rounds, name(i), s.CPUPerMillion, s.Cores, s.P99, s.Delivered, s.LoadCores, s.OtherCores, s.outcome.trouble())
		}
	}
	return all, nil
}

// trouble says what else happened to the load; "": nothing.
func (o *outcome) trouble() string {
	if o.Lost+int(o.Resyncs)+int(o.Rejected) == 0 {
		return ""
	}
	return fmt.Sprintf(" — %d members lost (%s), %d resyncs, %d updates rejected", o.Lost, o.Why, o.Resyncs, o.Rejected)
}
