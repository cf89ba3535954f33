// Package hash owns the hash by which keys are spread: over a route's fleets, and over those that have a feature flag. It must never
// change: every router, every server and every version has to give a key the same place, and docs/WIRE.md has it for other
// languages.
package hash

// Of is FNV-1a of the parts with a zero byte between them, through Mix. It allocates nothing.
func Of(parts ...string) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for n, part := range parts {
		if n > 0 {
			h *= prime // the zero byte
		}
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * prime
		}
	}
	return Mix(h)
}

// Mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014): each bit of h changes each bit of the answer as often as not.
func Mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
