// Package convert owns the two ways between the contract's messages (gen/greenroom/v1) and the nouns of internal/model.
// A function called XProto makes the contract's message, one called XModel the model's noun. They copy, so that neither
// side shares memory that it may change; they fill in no defaults (model's WithDefaults does) and check nothing (the
// contract's rules do, before a message comes here). A number too large for its other side becomes the largest it can be.
package convert

import (
	"maps"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// TimeProto makes the message of a time; nil for the zero time.
func TimeProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// TimeModel is the message's time in UTC; the zero time for nil.
func TimeModel(p *timestamppb.Timestamp) time.Time {
	if p == nil {
		return time.Time{}
	}
	return p.AsTime()
}

// DurationProto makes the message of a duration; nil for 0, which always means "the default".
func DurationProto(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// DurationModel is the message's duration; 0 for nil.
func DurationModel(p *durationpb.Duration) time.Duration { return p.AsDuration() }

// count makes a message's number of a count.
func count(n int) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }

func labels(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

// each converts a list; nil for an empty one.
func each[A, B any](list []A, convert func(A) B) []B {
	if len(list) == 0 {
		return nil
	}
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = convert(a)
	}
	return out
}
