package trace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
)

// Options are what a generated trace is made from. The zero value of each field is the generator's default.
type Options struct {
	Seed  uint64
	Scale int           // how much of it, in the generator's own unit (Generator.Unit); up to MaxScale
	Start time.Time     // of the first step; the hours of the day are those of its zone
	Step  time.Duration // 10 s to 1 min, and whole in an hour
}

// MaxScale bounds a generated trace.
const MaxScale = 20_000_000

// Generator makes a kind of demand.
type Generator struct {
	Name  string        // as `greenroom trace generate` takes it
	Title string        // what it is, in a line
	Unit  string        // what Options.Scale counts
	Scale int           // the default
	Begin time.Duration // after midnight: where it starts by default

	make func(Options, *rand.Rand) Generated
}

// Generated is a demand and what was announced of it.
type Generated struct {
	Trace  Trace
	Events []model.Event
}

// Generators are all there are.
func Generators() []Generator {
	return []Generator{
		{"voice-day", "a day of voice chat from 05:00, when it is low; high at 21:00, with spikes of 20 to 40 %", "sessions a day", 20_000, 5 * time.Hour, voiceDay},
		{"flash-crowd", "four hours of voice chat: calm, then tenfold within a few minutes, unannounced, gone within an hour", "sessions an hour while it is calm", 1_200, 18 * time.Hour, flashCrowd},
		{"big-event", "an evening in a public space, with an announced event at 20:00 on top of it", "players at the event", 20_000, 17 * time.Hour, bigEvent},
	}
}

// Generate makes the named kind of demand. The same options give the same trace.
func Generate(name string, o Options) (Generated, error) {
	names := make([]string, 0, 3)
	for _, g := range Generators() {
		if g.Name == name {
			return g.generate(o)
		}
		names = append(names, g.Name)
	}
	return Generated{}, fmt.Errorf("no generator %q%s; there are %s", name, nearest.DidYouMean(name, names), strings.Join(names, ", "))
}

func (g Generator) generate(o Options) (Generated, error) {
	if o.Scale == 0 {
		o.Scale = g.Scale
	}
	if o.Step == 0 {
		o.Step = time.Minute
	}
	if o.Start.IsZero() { // a Saturday
		o.Start = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).Add(g.Begin)
	}
	switch {
	case o.Scale < 0 || o.Scale > MaxScale:
		return Generated{}, fmt.Errorf("a scale of %d %s is not from 1 to %d", o.Scale, g.Unit, MaxScale)
	case o.Step < 10*time.Second || o.Step > time.Minute || time.Hour%o.Step != 0:
		return Generated{}, fmt.Errorf("a step of %s: it is from 10s to 1m and a whole part of an hour", o.Step)
	case o.Start.Year() < 1970 || o.Start.Year() > 2200:
		return Generated{}, fmt.Errorf("a start in the year %d is not from 1970 to 2200", o.Start.Year())
	}
	made := g.make(o, rand.New(rand.NewPCG(o.Seed, 0)))
	if err := made.Trace.Check(); err != nil {
		return Generated{}, fmt.Errorf("generate %s: %w", g.Name, err)
	}
	return made, nil
}

// steps calls row for each step of a span, and keeps the rows that have joins and those of the first and last step.
func steps(o Options, span time.Duration, row func(at time.Time) []Row) Trace {
	t := Trace{Start: o.Start, Step: o.Step}
	end := o.Start.Add(span)
	for at := o.Start; at.Before(end); at = at.Add(o.Step) {
		edge := at.Equal(o.Start) || !at.Add(o.Step).Before(end)
		for _, r := range row(at) {
			if r.Joins > 0 || edge {
				r.At = at
				t.Rows = append(t.Rows, r)
			}
		}
	}
	return t
}

// hour is the hour of the day in the time's own zone, 0 to 24.
func hour(at time.Time) float64 {
	return float64(at.Hour()) + float64(at.Minute())/60 + float64(at.Second())/3600
}

// swing goes smoothly from 0 at x = 0 to 1 at x = 1, and stays there.
func swing(x float64) float64 { return (1 - math.Cos(math.Pi*min(1, max(0, x)))) / 2 }

// day is how busy an hour of the day is, from 0 at 05:00 to 1 at 21:00: a slow rise over the day, and a steep fall.
func day(h float64) float64 {
	if h = math.Mod(h+19, 24); h < 16 { // hours since 05:00
		return math.Pow(swing(h/16), 1.5)
	}
	return swing((24 - h) / 8)
}

// drift is noise about 1 that remembers: it wanders by about deviation within half an hour.
type drift struct {
	rng       *rand.Rand
	deviation float64
	keep      float64 // of the last step
	x         float64
}

func newDrift(rng *rand.Rand, deviation float64, step time.Duration) *drift {
	return &drift{rng: rng, deviation: deviation, keep: math.Exp(-step.Minutes() / 30), x: rng.NormFloat64()}
}

func (d *drift) next() float64 {
	d.x = d.keep*d.x + math.Sqrt(1-d.keep*d.keep)*d.rng.NormFloat64()
	return max(0, 1+d.deviation*d.x)
}
