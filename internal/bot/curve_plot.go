package bot

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/plot"
)

// Figure draws the timeline: who was to come and was there, the servers, the sessions and their slots, and the joins.
func (r *CurveReport) Figure(title string) plot.Figure {
	series := func(name string, kind plot.Kind, value func(*Sample) float64) plot.Series {
		s := plot.Series{Name: name, Kind: kind}
		for i := range r.Timeline {
			sample := &r.Timeline[i]
			s.Points = append(s.Points, plot.Point{At: r.Started.Add(time.Duration(sample.Seconds * float64(time.Second))), Value: value(sample)})
		}
		return s
	}
	f := plot.Figure{
		Title: title,
		Subtitle: fmt.Sprintf("%d joined, %d failed, %d waited · join p50 %.1f ms, p99 %.1f ms · %d disconnected, %d states lost",
			r.Joined, r.Failed, r.Waited, r.JoinMS.P50, r.JoinMS.P99, r.Disconnected, r.LostState),
		Panels: []plot.Panel{
			{Title: "Players", Note: fmt.Sprintf("at most %d", r.PeakPlayers), Unit: "players", Series: []plot.Series{
				series("due by the trace", plot.Band, func(s *Sample) float64 { return float64(s.Due) }),
				series("in their rooms", plot.Line, func(s *Sample) float64 { return float64(s.In) }),
			}},
			{Title: "Servers", Note: fmt.Sprintf("at most %d", r.PeakServers), Unit: "servers", Series: []plot.Series{
				series("open", plot.Band, func(s *Sample) float64 { return float64(s.Open) }),
				series("ready or open", plot.Steps, func(s *Sample) float64 { return float64(s.Ready + s.Open) }),
				series("wanted", plot.Steps, func(s *Sample) float64 { return float64(s.Wanted) }),
			}},
			{Title: "Sessions", Note: fmt.Sprintf("%d slots free at least", r.LeastSlots), Unit: "sessions", Series: []plot.Series{
				series("sessions", plot.Band, func(s *Sample) float64 { return float64(s.Sessions) }),
				series("slots on open servers", plot.Steps, func(s *Sample) float64 { return float64(s.Sessions + s.FreeSlots) }),
			}},
			{Title: "Joins", Note: fmt.Sprintf("%d waited", r.Waited), Unit: "joins", Series: []plot.Series{
				series("joins", plot.Band, func(s *Sample) float64 { return float64(s.Joins) }),
				series("waiting", plot.Steps, func(s *Sample) float64 { return float64(s.Waiting) }),
			}},
			{Title: "Slowest join", Note: "from the call to the room's state, in each sample", Unit: "ms", Series: []plot.Series{
				series("slowest join", plot.Steps, func(s *Sample) float64 { return s.JoinMaxMS }),
			}},
		},
	}
	for _, m := range r.Marks {
		f.Marks = append(f.Marks, plot.Mark{At: r.Started.Add(m.At), Label: m.Label})
	}
	return f
}
