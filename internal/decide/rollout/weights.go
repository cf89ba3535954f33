package rollout

import (
	"slices"

	"greenroom.dev/greenroom/internal/model"
)

// Split gives to its share of what from and to have together, in parts per million, and from the rest. Other fleets keep
// theirs, so the weights go on adding up. A share above 0 of anything is at least 1. The list is a new one; a fleet that
// is not in it is appended.
func Split(weights []model.FleetWeight, from, to model.FleetName, share model.PPM) []model.FleetWeight {
	out := slices.Clone(weights)
	pool := weightOf(out, from) + weightOf(out, to)
	part := model.PPM((uint64(pool)*uint64(share) + uint64(model.Whole)/2) / uint64(model.Whole))
	if share > 0 && pool > 0 {
		part = max(part, 1)
	}
	return set(set(out, from, pool-part), to, part)
}

// Share is how much of what from and to have together is to's, in parts per million. It answers false when they have nothing.
func Share(weights []model.FleetWeight, from, to model.FleetName) (model.PPM, bool) {
	has := uint64(weightOf(weights, to))
	pool := has + uint64(weightOf(weights, from))
	if pool == 0 {
		return 0, false
	}
	return model.PPM((has*uint64(model.Whole) + pool/2) / pool), true
}

func weightOf(weights []model.FleetWeight, fleet model.FleetName) model.PPM {
	for _, w := range weights {
		if w.Fleet == fleet {
			return w.Weight
		}
	}
	return 0
}

func set(weights []model.FleetWeight, fleet model.FleetName, weight model.PPM) []model.FleetWeight {
	for i := range weights {
		if weights[i].Fleet == fleet {
			weights[i].Weight = weight
			return weights
		}
	}
	return append(weights, model.FleetWeight{Fleet: fleet, Weight: weight})
}

// largest is the fleet with the largest weight but for one; "" if none has any.
func largest(weights []model.FleetWeight, but model.FleetName) model.FleetName {
	var best model.FleetWeight
	for _, w := range weights {
		if w.Fleet != but && w.Weight > best.Weight {
			best = w
		}
	}
	return best.Fleet
}
