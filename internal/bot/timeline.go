package bot

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// Sample is how things stood at one moment of a curve: servers of all fleets that its routes lead to, sessions and players
// of its routes.
type Sample struct {
	Seconds float64 `json:"seconds"` // since the start

	Wanted   int `json:"servers_wanted"`
	Starting int `json:"servers_starting"`
	Ready    int `json:"servers_ready"`
	Open     int `json:"servers_open"`
	Leaving  int `json:"servers_leaving"` // cordoned, draining or empty

	Sessions  int `json:"sessions"`
	FreeSlots int `json:"free_session_slots"` // on open servers
	Players   int `json:"players"`            // with a seat
	Waiting   int `json:"waiting"`            // joins in the queues

	Due       int     `json:"due"`         // players who should be there, by the trace
	In        int     `json:"in"`          // players of the curve in their rooms
	Joins     uint64  `json:"joins"`       // that succeeded since the last sample
	Failed    uint64  `json:"failed"`      // that did not
	JoinMaxMS float64 `json:"join_ms_max"` // the slowest of them
}

// columns are a sample's, by name.
func (s *Sample) columns() []struct{ name, value string } {
	n := strconv.Itoa
	return []struct{ name, value string }{
		{"seconds", strconv.FormatFloat(s.Seconds, 'f', 1, 64)},
		{"servers_wanted", n(s.Wanted)},
		{"servers_starting", n(s.Starting)},
		{"servers_ready", n(s.Ready)},
		{"servers_open", n(s.Open)},
		{"servers_leaving", n(s.Leaving)},
		{"sessions", n(s.Sessions)},
		{"free_session_slots", n(s.FreeSlots)},
		{"players", n(s.Players)},
		{"waiting", n(s.Waiting)},
		{"due", n(s.Due)},
		{"in", n(s.In)},
		{"joins", n(int(s.Joins))},
		{"failed", n(int(s.Failed))},
		{"join_ms_max", strconv.FormatFloat(s.JoinMaxMS, 'f', 1, 64)},
	}
}

// WriteTimeline writes samples as CSV.
func WriteTimeline(w io.Writer, samples []Sample) error {
	out := csv.NewWriter(w)
	row := func(s *Sample, pick func(name, value string) string) error {
		var cells []string
		for _, c := range s.columns() {
			cells = append(cells, pick(c.name, c.value))
		}
		return out.Write(cells)
	}
	if err := row(&Sample{}, func(name, _ string) string { return name }); err != nil {
		return err
	}
	for i := range samples {
		if err := row(&samples[i], func(_, value string) string { return value }); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// line is a sample as progress shows it.
func (s *Sample) line(length time.Duration) string {
	return fmt.Sprintf("%.0f of %.0f s · %d of %d in · %d waiting · %d sessions, %d slots free · servers: %d wanted, %d open, %d ready, %d starting",
		s.Seconds, length.Seconds(), s.In, s.Due, s.Waiting, s.Sessions, s.FreeSlots, s.Wanted, s.Open, s.Ready, s.Starting)
}

// note takes a sample.
func (c *curve) note(now time.Time) {
	at := c.since(now)
	s := Sample{Seconds: at.Seconds(), Due: c.due(at)}
	c.seen.fill(&s)
	recent, in := c.tally.take()
	s.In, s.Joins, s.Failed = in, recent.enter.Count(), recent.failed
	s.JoinMaxMS = float64(recent.enter.Max().Microseconds()) / 1000
	c.samples = append(c.samples, s)
}

// due is how many should be there by the trace.
func (c *curve) due(at time.Duration) (n int) {
	for i := range c.visits {
		v := &c.visits[i]
		if v.after > at {
			break
		}
		if v.after+v.stay > at {
			n++
		}
	}
	return n
}

// Mark is a moment of a run that is named.
type Mark struct {
	At    time.Duration // since the start
	Label string
}

// doors asks which announced events open or end on the curve's routes while it is played.
func (c *curve) doors(ctx context.Context) []Mark {
	if c.cfg.Events == nil {
		return nil
	}
	listed, err := c.cfg.Events.ListEvents(ctx, &greenroomv1.ListEventsRequest{
		Since: timestamppb.New(c.started), Until: timestamppb.New(c.started.Add(c.length())),
	})
	if err != nil {
		c.cfg.Logger.Warn("events could not be listed", "error", err)
	}
	var marks []Mark
	for _, e := range listed.GetEvents() {
		if !c.plays(model.RouteName(e.GetSpec().GetRoute())) {
			continue
		}
		for _, m := range []Mark{
			{c.since(e.GetSpec().GetDoorsAt().AsTime()), e.GetName() + ": doors"},
			{c.since(e.GetSpec().GetEndsAt().AsTime()), e.GetName() + ": end"},
		} {
			if m.At >= 0 && m.At <= c.length() {
				marks = append(marks, m)
			}
		}
	}
	return marks
}

func (c *curve) plays(route model.RouteName) bool {
	_, there := c.seen.routes[string(route)]
	return there
}
