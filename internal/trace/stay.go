package trace

import (
	"math"
	"math/rand/v2"
	"time"
)

// DrawStay draws how long one of the row's players stays: from a gamma distribution with the row's mean and spread,
// which is the exponential one for a spread of 1, nearly a fixed time for a small one, and has a heavy tail above 1.
func (r *Row) DrawStay(rng *rand.Rand) time.Duration {
	spread := r.Spread
	if spread == 0 {
		spread = DefaultSpread
	}
	if spread == 1 {
		return time.Duration(rng.ExpFloat64() * float64(r.Stay))
	}
	shape := 1 / (spread * spread)
	return time.Duration(gamma(rng, shape) / shape * float64(r.Stay))
}

// gamma draws from the gamma distribution of the shape and scale 1, by Marsaglia and Tsang (2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(1-rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// poisson draws from the Poisson distribution; above a mean of 50 by its normal neighbour.
func poisson(rng *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	n := 0
	for p, limit := 1-rng.Float64(), math.Exp(-mean); p > limit; p *= 1 - rng.Float64() {
		n++
	}
	return n
}
