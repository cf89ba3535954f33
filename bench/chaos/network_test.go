//go:build linux

package main

import (
	"context"
	"net"
	"testing"
	"time"
)

// TestNetwork: what is sent at one end arrives at the other, in order, as late and as lossy as was said, each way apart.
func TestNetwork(t *testing.T) {
	server, servers := socketPair(t)
	player, players := socketPair(t)
	n := newNetwork(servers, players)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); n.run(ctx) }()

	send := func(from, to net.Conn, count int) (got int, took time.Duration) {
		began := time.Now()
		for i := range count {
			if _, err := from.Write([]byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		last := -1
		for b := make([]byte, 10); ; got++ {
			_ = to.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			if _, err := to.Read(b); err != nil {
				return got, took
			}
			if took = time.Since(began); int(b[0]) <= last {
				t.Errorf("packet %d came after %d", b[0], last)
			}
			last = int(b[0])
		}
	}
	if got, took := send(player, server, 100); got != 100 || took > 100*time.Millisecond {
		t.Errorf("in fair weather %d of 100 came within %s", got, took)
	}
	n.toServers.set(weather{Delay: 50 * time.Millisecond, Jitter: 20 * time.Millisecond})
	if got, took := send(player, server, 100); got != 100 || took < 50*time.Millisecond {
		t.Errorf("with 50 ms of delay %d of 100 came within %s", got, took)
	}
	if got, took := send(server, player, 100); got != 100 || took > 50*time.Millisecond {
		t.Errorf("the other way %d of 100 came within %s", got, took)
	}
	n.toServers.set(weather{Loss: 0.5})
	if got, _ := send(player, server, 200); got < 60 || got > 140 {
		t.Errorf("%d of 200 came with half of them lost", got)
	}
	n.toServers.set(weather{Cut: true})
	if got, _ := send(player, server, 10); got != 0 {
		t.Errorf("%d of 10 came through a cut network", got)
	}
	cancel()
	<-ended
}

// socketPair answers the two ends of what keeps packets apart, as a device does.
func socketPair(t *testing.T) (here, there net.Conn) {
	t.Helper()
	path := t.TempDir() + "/s"
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if here, err = net.Dial("unixpacket", path); err != nil {
		t.Fatal(err)
	}
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close(); there.Close() })
	return here, there
}
