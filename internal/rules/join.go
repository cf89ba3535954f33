package rules

import (
	"slices"

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
	if wait := r.GetMaxWait(); wait != nil {
		return wait.GetSeconds() >= 0 && wait.GetSeconds() < 600 && wait.GetNanos() >= 0 && wait.GetNanos() < 1e9
	}
	return true
}
