package link

import (
	"reflect"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/sdk/go/server"
)

// fill gives every number within v, which is a struct, another value from n on.
func fill(t *testing.T, v reflect.Value, n *int64) {
	for i := range v.NumField() {
		f := v.Field(i)
		*n++
		switch {
		case f.Kind() == reflect.Struct:
			fill(t, f, n)
		case f.Type() == reflect.TypeFor[time.Duration]():
			f.SetInt(*n * int64(time.Millisecond))
		case f.CanInt():
			f.SetInt(*n)
		case f.CanFloat():
			f.SetFloat(float64(*n) / 8)
		default:
			t.Fatalf("a setting of type %s", f.Type())
		}
	}
}

func allSettings(t *testing.T, from int64) *model.RoomSettings {
	var r model.RoomSettings
	fill(t, reflect.ValueOf(&r).Elem(), &from)
	return &r
}

// Each room setting reaches a server with its welcome, and again when the fleet is changed.
func TestEveryRoomSettingReachesTheServer(t *testing.T) {
	h := newHouse(t)
	first, second := allSettings(t, 20), allSettings(t, 120)
	h.room.Store(first)
	h.add("rooms-1")
	srv := h.serve("rooms-1", h.overHTTP(), server.Handler{})
	h.eventually("the settings of the welcome", func() bool { return srv.Settings() == *first })
	h.room.Store(second)
	h.eventually("the changed settings", func() bool { return srv.Settings() == *second })
}
