package rules

import (
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// fewPlayers is the largest party that goodJoin looks at.
const fewPlayers = 16

// goodJoin tells that a join keeps every rule of the contract, without the general checker's reflection, which was the
// dearest part of a join through the API. It may leave a good one to the checker, and never says yes to one that the
// checker refuses: a property test holds the two together.
func goodJoin(r *greenroomv1.JoinRequest) bool {
	players := r.GetPlayers()
	switch {
	case len(r.GetRoute()) == 0 || len(r.GetRoute()) > 63,
		r.GetKey() != "" && !model.ValidKey(r.GetKey()),
		len(players) == 0 || len(players) > fewPlayers,
		len(r.GetRequestId()) > 64:
		return false
	}
	for i, p := range players {
		if !model.ValidKey(p) || slices.Contains(players[:i], p) {
			return false
		}
	}
	for name, far := range r.GetLatencies() {
		if name == "" || len(name) > 63 || len(r.GetLatencies()) > 64 || !within(far, 60) {
			return false
		}
	}
	if wait := r.GetMaxWait(); wait != nil {
		return within(wait, 600)
	}
	return true
}

// within tells whether a duration is one, and from nothing to less than so many seconds.
func within(d *durationpb.Duration, seconds int64) bool {
	return d != nil && d.GetSeconds() >= 0 && d.GetSeconds() < seconds && d.GetNanos() >= 0 && d.GetNanos() < 1e9
}
