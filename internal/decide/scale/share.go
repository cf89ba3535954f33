package scale

import "greenroom.dev/greenroom/internal/model"

// Share is a fleet's part of the joins that wait on a route, by its weight and rounded up, so that a single join asks for
// room somewhere. 0 for a fleet that the route does not name, or gives no weight.
func Share(waiting int, fleets []model.FleetWeight, fleet model.FleetName) int {
	for _, w := range fleets {
		if w.Fleet == fleet {
			whole := int64(model.Whole)
			return int((int64(waiting)*int64(w.Weight) + whole - 1) / whole)
		}
	}
	return 0
}
