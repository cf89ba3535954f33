package room

import (
	"math"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Position is where a member stands, in units of length. The wire counts it in steps (the fleet's position_step, 0.01 units
// by default, at most 32,767 of them each way), so that a position set is rounded to the nearest step.
type Position struct {
	X, Y, Z float64
	// Yaw is where it looks, in degrees from 0 to 360, rounded to 256ths of a turn.
	Yaw float64
	// Data is the game's own, at most 64 bytes, such as a pose. Only during the call.
	Data []byte
}

// Distance is how far apart two positions are.
func (p Position) Distance(q Position) float64 {
	return math.Sqrt((p.X-q.X)*(p.X-q.X) + (p.Y-q.Y)*(p.Y-q.Y) + (p.Z-q.Z)*(p.Z-q.Z))
}

const turn = 360

func positionOf(p wire.Position, step float64) Position {
	return Position{
		X: units(p.X, step), Y: units(p.Y, step), Z: units(p.Z, step),
		Yaw: float64(p.Yaw) / 256 * turn, Data: p.Data,
	}
}

func (p Position) wire(step float64) wire.Position {
	return wire.Position{
		X: steps(p.X, step), Y: steps(p.Y, step), Z: steps(p.Z, step),
		Yaw: uint8(int64(math.Round(math.Mod(finite(p.Yaw), turn)/turn*256)) & 0xff), Data: p.Data,
	}
}

// units answers the number that one would write, such as 18.9 for 1890 steps of 0.01. Steps are whole millionths.
func units(steps int16, step float64) float64 {
	return math.Round(float64(steps)*step*1e6) / 1e6
}

func steps(units, step float64) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, math.Round(finite(units)/step))))
}

// finite makes 0 of what is no number.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
