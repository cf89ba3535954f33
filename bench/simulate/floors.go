package main

import (
	"fmt"
	"io"

	"greenroom.dev/greenroom/internal/decide/bound"
	"greenroom.dev/greenroom/internal/simulate"
)

// floor is what a kind of policy that never moves a session spends at least, or what one of that kind does spend.
type floor struct {
	Who   string  `json:"who"`
	Ratio float64 `json:"ratio_to_bound"`
}

// floors says how far each kind of policy could come on a demand; nothing for one whose sessions have no keys. Sessions are
// placed, and servers there at once, on the first of the draws; what nobody gets below is the mean of the others.
func floors(s *simulate.Simulation, draws int) ([]floor, error) {
	days := make([]bound.Day, 0, draws+1)
	all := 0.0 // the bounds of the draws
	memoryless := false
	for i := range uint64(draws) + 1 {
		day, plain, err := s.Day(i)
		if err != nil {
			return nil, err
		}
		days, memoryless = append(days, day), plain
		if i > 0 {
			all += day.Bound().ServerHours
		}
	}
	least := days[0].Bound().ServerHours
	out := []floor{{"moves sessions, knows the day", 1}}
	for _, x := range []struct {
		who  string
		rule bound.Rule
	}{
		{"moves none, knows who leaves when: least extension first", bound.Ends},
		{"moves none: most players first", bound.Crowded},
		{"moves none: fullest first, then most players", bound.Fullest},
		{"moves none: oldest first", bound.Oldest},
	} {
		out = append(out, floor{x.who, days[0].Placed(x.rule) / least})
	}
	if memoryless {
		out = append(out, floor{"moves none, does not know who leaves when: no policy below", bound.Blind(days) / (all / float64(draws))})
	}
	return out, nil
}

func printFloors(w io.Writer, all []floor) {
	for _, f := range all {
		fmt.Fprintf(w, "%8.3f  %s\n", f.Ratio, f.Who)
	}
}
