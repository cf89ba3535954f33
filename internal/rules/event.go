package rules

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// The years that an event may be in. Whether it is over is not asked here: that depends on when.
const (
	firstYear = 2000
	lastYear  = 2199
)

// event checks what an event's times ask of each other.
func event(e *greenroomv1.Event, at string) []Violation {
	var out []Violation
	s := e.GetSpec()
	for _, f := range []struct {
		name string
		time *timestamppb.Timestamp
	}{{"doors_at", s.GetDoorsAt()}, {"ends_at", s.GetEndsAt()}} {
		if t := f.time.AsTime(); f.time != nil && (t.Year() < firstYear || t.Year() > lastYear) {
			out = append(out, Violation{
				at + "spec." + f.name,
				fmt.Sprintf("must be in the years %d to %d, not %s", firstYear, lastYear, t.Format(time.RFC3339)),
			})
		}
	}
	if s.GetDoorsAt() == nil || s.GetEndsAt() == nil || len(out) > 0 {
		return out
	}
	lasts := s.GetEndsAt().AsTime().Sub(s.GetDoorsAt().AsTime())
	if ramp := s.GetRamp().AsDuration(); lasts > 0 && ramp > lasts {
		out = append(out, Violation{
			at + "spec.ramp", fmt.Sprintf("must not be longer than the event is open (%s), not %s: some would arrive after its end", lasts, ramp),
		})
	}
	return out
}
