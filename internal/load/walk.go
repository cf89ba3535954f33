package load

import (
	"math"
	"math/rand/v2"
	"time"
)

// Walk is somebody wandering about a square from -Side/2 to Side/2, in units of length.
type Walk struct {
	Side  float64
	Speed float64 // units a second

	X, Y, Heading float64 // radians
}

// NewWalk starts anywhere.
func NewWalk(side, speed float64, random *rand.Rand) *Walk {
	return &Walk{
		Side: side, Speed: speed,
		X: side * (random.Float64() - 0.5), Y: side * (random.Float64() - 0.5), Heading: 2 * math.Pi * random.Float64(),
	}
}

// Step goes on for d, turning a little by turn (0 to 1); at the edge it turns away.
func (w *Walk) Step(d time.Duration, turn float64) {
	w.Heading = math.Mod(w.Heading+turn-0.5, 2*math.Pi)
	length := w.Speed * d.Seconds()
	x, y := w.X+length*math.Cos(w.Heading), w.Y+length*math.Sin(w.Heading)
	w.X, w.Y = min(max(x, -w.Side/2), w.Side/2), min(max(y, -w.Side/2), w.Side/2)
	if w.X != x || w.Y != y {
		w.Heading += math.Pi / 2
	}
}
