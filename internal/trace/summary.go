package trace

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Summary is a trace in a few numbers.
type Summary struct {
	Start, End    time.Time
	Step          time.Duration
	Rows          int
	Routes        []model.RouteName // by name
	Joins         int
	Sessions      int           // begun by keys
	MeanStay      time.Duration // of a player
	PlayerHours   float64       // Joins × their stays
	PeakJoins     int           // in one step, on all routes
	PeakJoinsAt   time.Time
	PeakPlayers   int // at once, on all routes: an estimate, as if all stayed for the mean time
	PeakPlayersAt time.Time
}

// Summary counts the trace. The peak of players is an estimate from the mean stays.
func (t *Trace) Summary() Summary {
	s := Summary{Start: t.Start, End: t.End(), Step: t.Step, Rows: len(t.Rows)}
	routes := map[model.RouteName]bool{}
	ends := map[time.Time]int{} // players who leave, by the step
	var at time.Time
	joins := 0
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
		s.PlayerHours += float64(r.Joins) * r.Stay.Hours()
		ends[r.At.Add(r.Stay.Round(t.Step))] += r.Joins
	}
	for name := range routes {
		s.Routes = append(s.Routes, name)
	}
	slices.Sort(s.Routes)
	if s.Joins > 0 {
		s.MeanStay = time.Duration(s.PlayerHours / float64(s.Joins) * float64(time.Hour)).Round(time.Second)
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
