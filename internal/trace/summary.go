package trace

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Summary is a trace in a few numbers.
type Summary struct {
	Start           time.Time         `json:"start"`
	End             time.Time         `json:"end"`
	StepSeconds     float64           `json:"step_seconds"`
	Rows            int               `json:"rows"`
	Routes          []model.RouteName `json:"routes"` // by name
	Joins           int               `json:"joins"`
	Sessions        int               `json:"sessions"` // begun by keys
	MeanStaySeconds float64           `json:"mean_stay_seconds"`
	PlayerHours     float64           `json:"player_hours"` // joins × their stays
	PeakJoins       int               `json:"peak_joins"`   // in one step, on all routes
	PeakJoinsAt     time.Time         `json:"peak_joins_at"`
	PeakPlayers     int               `json:"peak_players"` // at once, on all routes: an estimate from the mean stays
	PeakPlayersAt   time.Time         `json:"peak_players_at"`
}

// Summary counts the trace. The peak of players is as if all stayed for their row's mean time.
func (t *Trace) Summary() Summary {
	s := Summary{Start: t.Start, End: t.End(), StepSeconds: t.Step.Seconds(), Rows: len(t.Rows)}
	routes := map[model.RouteName]bool{}
	ends := map[time.Time]int{} // players who leave, by the step
	var at time.Time
	joins, seconds := 0, 0.0
	for _, r := range t.Rows {
		if !r.At.Equal(at) {
			at, joins = r.At, 0
		}
		routes[r.Route] = true
		joins += r.Joins
		if joins > s.PeakJoins {
			s.PeakJoins, s.PeakJoinsAt = joins, at
		}
		s.Joins += r.Joins
		s.Sessions += r.Sessions
		seconds += float64(r.Joins) * r.Stay.Seconds()
		ends[r.At.Add(r.Stay.Round(t.Step))] += r.Joins
	}
	for name := range routes {
		s.Routes = append(s.Routes, name)
	}
	slices.Sort(s.Routes)
	s.PlayerHours = seconds / 3600
	if s.Joins > 0 {
		s.MeanStaySeconds = seconds / float64(s.Joins)
	}
	s.PeakPlayers, s.PeakPlayersAt = t.peak(ends)
	return s
}

// peak is when most players are there, with so many who leave at each step.
func (t *Trace) peak(ends map[time.Time]int) (most int, when time.Time) {
	players := 0
	row := 0
	for at := t.Start; row < len(t.Rows); at = at.Add(t.Step) {
		players -= ends[at]
		for row < len(t.Rows) && t.Rows[row].At.Equal(at) {
			players += t.Rows[row].Joins
			row++
		}
		if players > most {
			most, when = players, at
		}
	}
	return most, when
}
