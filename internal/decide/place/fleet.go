// Package place decides where players go: in which order a key tries a route's fleets, and which of several servers or
// sessions with room is the better one. It is pure: the same input gives the same answer on every router.
package place

import (
	"math"

	"greenroom.dev/greenroom/internal/decide/hash"
	"greenroom.dev/greenroom/internal/model"
)

// Order answers the fleets of weight above 0 in the order in which key tries them; see Append.
func Order(key string, fleets []model.FleetWeight) []model.FleetName {
	return Append(make([]model.FleetName, 0, len(fleets)), key, fleets)
}

// Append appends to dst the fleets of weight above 0 in the order in which key tries them, the best first.
//
// It is weighted rendezvous hashing (Schindelhauer and Schomaker 2005): a fleet's score is -weight / ln(u), with u in
// (0, 1) from a hash of the key and the fleet. Each fleet is first for its share of the keys, and a change of weights
// moves a key only to a fleet whose share rose or from one whose share fell. The same key gives the same order
// everywhere and always. It allocates only to grow dst, and for routes of more than 16 fleets.
func Append(dst []model.FleetName, key string, fleets []model.FleetWeight) []model.FleetName {
	if len(fleets) == 1 && fleets[0].Weight > 0 {
		return append(dst, fleets[0].Fleet)
	}
	var room [16]float64
	scores, first := room[:0], len(dst)
	h := hash.Of(key)
	for _, f := range fleets {
		if f.Weight == 0 {
			continue
		}
		s := score(h, f)
		dst, scores = append(dst, f.Fleet), append(scores, s)
		// Sort it in: routes have few fleets.
		names := dst[first:]
		for i := len(names) - 1; i > 0 && before(s, f.Fleet, scores[i-1], names[i-1]); i-- {
			names[i], names[i-1] = names[i-1], names[i]
			scores[i], scores[i-1] = scores[i-1], scores[i]
		}
	}
	return dst
}

func before(s float64, name model.FleetName, other float64, otherName model.FleetName) bool {
	return s > other || s == other && name < otherName
}

func score(key uint64, f model.FleetWeight) float64 {
	// The upper 53 bits, and half a step so that neither 0 nor 1 comes out.
	u := (float64(hash.Mix(key^hash.Of(string(f.Fleet)))>>11) + 0.5) / (1 << 53)
	return -float64(f.Weight) / math.Log(u)
}
