package mqtt

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// idleBytes is what a connected member may cost that says nothing: heap and stacks of both ends' sockets, its goroutines,
// its seat in the room.
const idleBytes = 20 << 10

// An idle member is cheap.
func TestIdleCost(t *testing.T) {
	const members = 2000
	w := newWorld(t, model.RoomSettings{MaxConnectsPerSecond: 1 << 20})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.door.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		<-served
	})
	before := inUse()
	conns := make([]net.Conn, 0, members)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range members {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		_, _ = c.Write(idleConnect(fmt.Sprint("player-", i)))
	}
	in := bufio.NewReader(nil)
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		in.Reset(c)
		for _, want := range []byte{typeConnack, typeSuback} {
			h, err := readHeader(in, 1<<20)
			if err != nil || h.kind != want {
				t.Fatalf("%+v, %v", h, err)
			}
			if _, err := in.Discard(h.size); err != nil {
				t.Fatal(err)
			}
		}
	}
	per := (inUse() - before) / members
	t.Logf("%d bytes a member", per)
	if per > idleBytes {
		t.Errorf("an idle member costs %d bytes, at most %d are allowed", per, idleBytes)
	}
}

// inUse is the memory in use once what is not needed is gone.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// idleConnect is CONNECT and a SUBSCRIBE to signals, which keeps the messages for the others few.
func idleConnect(name string) []byte {
	body := append(appendText(nil, "MQTT"), level5, 0xc2, 0, 60, 0)
	body = appendText(appendText(appendText(body, name), name), name)
	b := appendPacket(nil, typeConnect, body)
	body = append(appendText(append(binary.BigEndian.AppendUint16(nil, 1), 0), "r/k/m/+/#"), 1)
	sub := appendPacket(nil, typeSubscribe, body)
	sub[0] |= 2
	return append(b, sub...)
}
