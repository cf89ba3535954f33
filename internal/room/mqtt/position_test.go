package mqtt

import (
	"encoding/json"
	"fmt"
	"testing"

	"greenroom.dev/greenroom/internal/room/wire"

	"pgregory.net/rapid"
)

func TestPositions(t *testing.T) {
	for payload, want := range map[string]wire.Position{
		`{"x":1.25,"y":0,"z":3,"yaw":90.0}`:   {X: 125, Z: 300, Yaw: 64},
		`{"x":-0.005,"z":327.67}`:             {X: -1, Z: 32767},
		`{"yaw":-90,"data":"AQI=","more":[]}`: {Yaw: 192, Data: []byte{1, 2}},
		`{"yaw":359.9}`:                       {},
		`{"x":-327.68}`:                       {X: -32768},
	} {
		got, err := parsePosition([]byte(payload), 10_000)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s is %+v, %v", payload, got, err)
		}
	}
	for _, payload := range []string{
		``, `1`, `null`, `[]`, `{`, `{"x":"1"}`, `{"x":327.68}`, `{"x":-327.69}`, `{"x":1e400}`, `{"z":-1e9}`, `{"data":5}`,
		fmt.Sprintf(`{"data":%q}`, make([]byte, 100)),
	} {
		if got, err := parsePosition([]byte(payload), 10_000); err == nil {
			t.Errorf("%s is taken as %+v", payload, got)
		}
	}
}

// What is told is what was said, to the step, and numbers are short.
func TestPositionsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.SampledFrom([]uint64{1, 10, 10_000, 250_000, 333_333, 1_000_000, 7_500_000}).Draw(t, "step")
		within := rapid.Int16()
		p := wire.Position{
			X: within.Draw(t, "x"), Y: within.Draw(t, "y"), Z: within.Draw(t, "z"), Yaw: rapid.Uint8().Draw(t, "yaw"),
		}
		if data := rapid.SliceOfN(rapid.Byte(), 0, wire.MaxPositionData).Draw(t, "data"); len(data) > 0 {
			p.Data = data
		}
		far := rapid.Bool().Draw(t, "far")
		b := appendPosition(nil, &p, far, step)
		got, err := parsePosition(b, step)
		if err != nil || !got.Equal(p) {
			t.Fatalf("%s of %+v is %+v, %v", b, p, got, err)
		}
		var said struct {
			X   float64
			Far bool
		}
		if err := json.Unmarshal(b, &said); err != nil || said.X != float64(int64(p.X)*int64(step))/millionths || said.Far != far {
			t.Fatalf("%s of %+v: %+v, %v", b, p, said, err)
		}
	})
}

func TestUnits(t *testing.T) {
	for want, c := range map[string]struct {
		steps int16
		step  uint64
	}{
		"1.25": {125, 10_000}, "0": {0, 10_000}, "-0.01": {-1, 10_000}, "-327.68": {-32768, 10_000}, "0.000001": {1, 1}, "5": {5, 1_000_000},
		"7.5": {1, 7_500_000},
	} {
		if got := string(appendUnits(nil, c.steps, c.step)); got != want {
			t.Errorf("%d steps of %d: %s, want %s", c.steps, c.step, got, want)
		}
	}
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"x":1.25,"y":0,"z":3,"yaw":90.0,"data":"AQI="}`), uint64(10_000))
	f.Add([]byte(`{"x":-1e3,"yaw":-721}`), uint64(1))
	f.Fuzz(func(t *testing.T, payload []byte, step uint64) {
		step = step%1_000_000_000 + 1
		p, err := parsePosition(payload, step)
		if err != nil {
			return
		}
		again, err := parsePosition(appendPosition(nil, &p, false, step), step)
		if err != nil || !again.Equal(p) {
			t.Errorf("%s: %+v is %+v said again, %v", payload, p, again, err)
		}
	})
}
