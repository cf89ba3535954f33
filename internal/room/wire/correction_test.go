package wire_test

import (
	"reflect"
	"testing"

	"greenroom.dev/greenroom/internal/room/wire"
)

func TestCorrection(t *testing.T) {
	for _, c := range []wire.Correction{
		{}, {At: &wire.Position{}}, {Serial: 300, At: &wire.Position{X: -1, Y: 2, Z: 3, Yaw: 4, Data: []byte("sit")}},
	} {
		if got, err := wire.DecodeCorrection(c.Append(nil)); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v became %+v, %v", c, got, err)
		}
	}
	if _, err := wire.DecodeCorrection([]byte{1, 2}); err == nil {
		t.Error("half a position was taken")
	}
}

func FuzzCorrection(f *testing.F) {
	f.Add([]byte{})
	f.Add(wire.Correction{Serial: 300, At: &wire.Position{X: -1, Data: []byte("sit")}}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := wire.DecodeCorrection(b)
		if err != nil {
			return
		}
		if again, err := wire.DecodeCorrection(c.Append(nil)); err != nil || !reflect.DeepEqual(again, c) {
			t.Fatalf("%+v encodes to something else: %+v, %v", c, again, err)
		}
	})
}

func TestGamesCodes(t *testing.T) {
	for code, games := range map[wire.CloseCode]bool{4049: false, 4050: true, 4099: true, 4100: false, 4112: false, 4149: false, 4150: true, 4199: true, 4200: false} {
		if code.Games() != games {
			t.Errorf("%d: %v", code, !games)
		}
	}
}
