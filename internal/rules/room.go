package rules

import (
	"fmt"
	"strconv"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// room checks what the settings of rooms ask of each other; 0 is a field's default there.
func room(r *greenroomv1.RoomSettings, at string) []Violation {
	set := model.RoomSettings{
		MaxMessageBytes:     int(r.GetMaxMessageBytes()),
		MaxMemberQueueBytes: int(r.GetMaxMemberQueueBytes()),
		MaxBytesPerSecond:   int(r.GetMaxBytesPerSecond()),
	}.WithDefaults()
	var out []Violation
	if set.MaxMemberQueueBytes < set.MaxMessageBytes {
		out = append(out, Violation{at + "max_member_queue_bytes", atLeastAMessage(set.MaxMessageBytes, set.MaxMemberQueueBytes)})
	}
	if set.MaxBytesPerSecond < set.MaxMessageBytes {
		out = append(out, Violation{at + "max_bytes_per_second", atLeastAMessage(set.MaxMessageBytes, set.MaxBytesPerSecond)})
	}
	if step := r.GetPositionStep(); step > 0 && step < model.MinPositionStep {
		out = append(out, Violation{
			at + "position_step",
			fmt.Sprintf("must be at least %s, not %s", decimal(model.MinPositionStep), decimal(step)),
		})
	}
	return append(out, interest(r.GetInterest(), at+"interest.")...)
}

func atLeastAMessage(message, is int) string {
	return fmt.Sprintf("must be at least max_message_bytes (%d), not %d: no message would get through", message, is)
}

// published checks a message of the stage, whose name is one of the rooms' own.
func published(r *greenroomv1.PublishRequest) []Violation {
	if name := r.GetName(); name != "" && len(name) <= wire.MaxName && !wire.ValidName(name) { // else the contract's own rule says it
		return []Violation{{"name", fmt.Sprintf(`must be without "+", "#" and control characters and neither start nor end with "/", not %q`, name)}}
	}
	return nil
}

// interest checks an area of interest: without a radius there is none, so nothing of it may be given, and the far begin
// where the near end.
func interest(i *greenroomv1.Interest, at string) []Violation {
	if i.GetRadius() > 0 {
		if far := i.GetFarRadius(); far > 0 && far < i.GetRadius() {
			return []Violation{{at + "far_radius", fmt.Sprintf("must be at least radius (%s), not %s", decimal(i.GetRadius()), decimal(far))}}
		}
		return nil
	}
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"nearest", i.GetNearest() > 0},
		{"hysteresis", i.GetHysteresis() > 0},
		{"far_radius", i.GetFarRadius() > 0},
		{"far_nearest", i.GetFarNearest() > 0},
		{"far_every", i.GetFarEvery().AsDuration() > 0},
		{"refresh", i.GetRefresh().AsDuration() > 0},
	} {
		if f.given {
			return []Violation{{at + f.name, "needs a radius: without one everybody sees everybody"}}
		}
	}
	return nil
}

// decimal prints a number without an exponent.
func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
