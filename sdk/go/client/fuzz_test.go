package client

import (
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// FuzzReceive: whatever a room sends, the client neither breaks nor keeps hold of the buffer it read into.
func FuzzReceive(f *testing.F) {
	var all []byte
	for _, g := range goldenRecords() {
		b, _ := hex.DecodeString(g.Hex)
		f.Add(b)
		all = append(all, b...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &Room{
			options: Options{}.withDefaults(), cancel: func() {},
			wake: make(chan struct{}, 1), done: make(chan struct{}), open: make(chan struct{}),
			view: view{entries: map[string]*entry{}, members: map[uint64]string{}},
		}
		v := &visiting{room: r, cancel: func() {}}
		b = append([]byte(nil), b...)
		now := time.Unix(1000, 0)
		for rest := b; len(rest) > 0; {
			kind, body, after, err := wire.Next(rest)
			if err == nil {
				err = v.receive(kind, body, now)
			}
			if err != nil {
				break
			}
			rest = after
		}
		members, state, positions := r.Members(), r.State(), r.Positions()
		clear(b)
		if !reflect.DeepEqual(r.Members(), members) || !reflect.DeepEqual(r.State(), state) || !reflect.DeepEqual(r.Positions(), positions) {
			t.Error("what the client knows changed with the buffer it was read into")
		}
	})
}
