package mqtt

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"greenroom.dev/greenroom/internal/room/wire"
)

// A position on this door is JSON in the room's units of length, with degrees:
//
//	{"x":1.25,"y":0,"z":3,"yaw":90}
//
// and further "data", the game's own bytes in base64, if there are any, and "far":true if it is of the far ring.

// millionths of a unit of length: what a step of a position is counted in here.
const millionths = 1_000_000

var errPosition = errors.New(`a position is JSON {"x":…,"y":…,"z":…,"yaw":…} within the room's range, with at most 64 bytes of "data"`)

// parsePosition reads a client's position; step is in millionths. Fields left out are 0.
func parsePosition(payload []byte, step uint64) (wire.Position, error) {
	var in struct {
		X, Y, Z, Yaw float64
		Data         []byte
	}
	if json.Unmarshal(payload, &in) != nil || len(payload) == 0 || payload[0] != '{' || len(in.Data) > wire.MaxPositionData {
		return wire.Position{}, errPosition
	}
	p := wire.Position{Data: in.Data}
	if len(in.Data) == 0 {
		p.Data = nil
	}
	for _, axis := range []struct {
		from float64
		to   *int16
	}{{in.X, &p.X}, {in.Y, &p.Y}, {in.Z, &p.Z}} {
		steps := math.Round(axis.from * millionths / float64(step))
		if !(steps >= math.MinInt16 && steps <= math.MaxInt16) {
			return wire.Position{}, errPosition
		}
		*axis.to = int16(steps)
	}
	turns := math.Mod(in.Yaw/360, 1)
	p.Yaw = uint8(int(math.Round(turns*256)) & 255)
	return p, nil
}

// appendPosition appends it as JSON. The numbers are exact.
func appendPosition(b []byte, p *wire.Position, far bool, step uint64) []byte {
	b = appendUnits(append(b, `{"x":`...), p.X, step)
	b = appendUnits(append(b, `,"y":`...), p.Y, step)
	b = appendUnits(append(b, `,"z":`...), p.Z, step)
	b = strconv.AppendFloat(append(b, `,"yaw":`...), float64(p.Yaw)*360/256, 'f', -1, 64)
	if len(p.Data) > 0 {
		b = append(base64.StdEncoding.AppendEncode(append(b, `,"data":"`...), p.Data), '"')
	}
	if far {
		b = append(b, `,"far":true`...)
	}
	return append(b, '}')
}

// appendUnits appends so many steps as a decimal number without trailing zeros.
func appendUnits(b []byte, steps int16, step uint64) []byte {
	n := uint64(max(int(steps), -int(steps))) * step
	if steps < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendUint(b, n/millionths, 10)
	part := n % millionths
	if part == 0 {
		return b
	}
	b = append(b, '.')
	for unit := uint64(millionths / 10); part > 0; unit /= 10 {
		b = append(b, '0'+byte(part/unit))
		part %= unit
	}
	return b
}
