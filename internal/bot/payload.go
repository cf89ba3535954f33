package bot

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// position appends docs/WIRE.md's demo position, padded to size bytes.
func position(b []byte, x, y float64, serial uint64, ms float64, size int) []byte {
	b = strconv.AppendFloat(append(b, `{"x":`...), x, 'f', 1, 64)
	b = strconv.AppendFloat(append(b, `,"y":`...), y, 'f', 1, 64)
	b = strconv.AppendUint(append(b, `,"n":`...), serial, 10)
	b = strconv.AppendFloat(append(b, `,"t":`...), ms, 'f', 3, 64)
	const frame = len(`,"pad":""}`)
	if missing := size - len(b) - frame; missing > 0 {
		b = append(b, `,"pad":"`...)
		b = append(b, bytes.Repeat([]byte{'.'}, missing)...)
		b = append(b, '"')
	}
	return append(b, '}')
}

// placeData appends what travels with a compact position: its serial number and the time, both little endian.
func placeData(b []byte, serial uint64, ms float64) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(serial))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(ms))
}

// placeTime reads it.
func placeTime(data []byte) (ms float64, ok bool) {
	if len(data) != 12 {
		return 0, false
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(data[4:])), true
}

// remark appends an event's payload: who of the session says it, the how-manieth it is, and when.
func remark(b []byte, number int, serial uint64, ms float64) []byte {
	b = strconv.AppendInt(append(b, `{"i":`...), int64(number), 10)
	b = strconv.AppendUint(append(b, `,"n":`...), serial, 10)
	b = strconv.AppendFloat(append(b, `,"t":`...), ms, 'f', 3, 64)
	return append(b, '}')
}

// again marks a remark that may have been heard before: MQTT's QoS 1 is "at least once", so its second coming is no fault.
const again = `,"again":1}`

func markAgain(remark []byte) []byte {
	if bytes.HasSuffix(remark, []byte(again)) {
		return remark
	}
	return append(remark[:len(remark)-1:len(remark)-1], again...)
}

// field reads a number out of a flat JSON object without parsing the rest: what comes after name, which is quoted and
// has its colon.
func field(payload []byte, name string) (float64, bool) {
	at := bytes.Index(payload, []byte(name))
	if at < 0 {
		return 0, false
	}
	rest := payload[at+len(name):]
	end := 0
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == '.' || rest[end] == '-') {
		end++
	}
	v, err := strconv.ParseFloat(string(rest[:end]), 64)
	return v, err == nil
}
