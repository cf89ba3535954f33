package rollout

import "math"

// certainty is how many standard deviations a difference must be from what is allowed before it is no chance: 1 in 31,600
// for one look. A step is looked at every second, so one look's chance is not the rollout's; what that comes to is
// measured in docs/decisions/0023-rollouts.md.
const certainty = 4.0

// share is so many of all.
type share struct{ bad, all float64 }

func (s share) value() float64 {
	if s.all == 0 {
		return math.NaN()
	}
	return s.bad / s.all
}

// between is where the true share may be when so many were seen: Wilson's score interval (1927), which is good for small
// numbers and for none at all, where mean ± deviations would say "exactly 0".
func (s share) between() (low, high float64) {
	if s.all == 0 {
		return 0, 1
	}
	const z2 = certainty * certainty
	p := s.bad / s.all
	mid := (p + z2/(2*s.all)) / (1 + z2/s.all)
	half := certainty / (1 + z2/s.all) * math.Sqrt(p*(1-p)/s.all+z2/(4*s.all*s.all))
	return max(0, mid-half), min(1, mid+half)
}

// leastMore is by how much the true share of a is above that of b at least. It is the lower end of Newcombe's interval for
// the difference of two shares (1998, method 10), made of both their Wilson intervals.
func leastMore(a, b share) float64 {
	low, _ := a.between()
	_, high := b.between()
	return a.value() - b.value() - math.Hypot(a.value()-low, high-b.value())
}
