//go:build linux

package main

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of what is under way, each way.
const (
	maxPacket = 1 << 16 // bytes
	maxQueue  = 8192    // packets; more are dropped, as by any router
)

// weather is what a packet goes through, one way. The zero value lets all of them pass at once.
type weather struct {
	Delay, Jitter time.Duration
	Loss          float64 // share of the packets, 0 to 1
	Cut           bool
}

// network carries packets between the players' end and the servers', as they come, each way in its own weather. It is
// what netem does, for kernels that do not have it, and each way apart.
type network struct {
	toPlayers, toServers way
}

func newNetwork(servers, players io.ReadWriteCloser) *network {
	n := &network{}
	n.toPlayers.init(servers, players)
	n.toServers.init(players, servers)
	return n
}

// run carries packets until ctx ends. It closes both ends.
func (n *network) run(ctx context.Context) {
	var running sync.WaitGroup
	for _, w := range []*way{&n.toPlayers, &n.toServers} {
		running.Go(w.read)
		running.Go(w.write)
	}
	<-ctx.Done()
	_ = n.toPlayers.from.Close()
	_ = n.toServers.from.Close()
	running.Wait()
}

// way is one direction.
type way struct {
	from io.ReadCloser
	to   io.Writer
	now  atomic.Pointer[weather]
	// Packets in the order that they came, which is kept: a packet is due no earlier than the one before it.
	under   chan packet
	carried atomic.Uint64
	dropped atomic.Uint64
}

type packet struct {
	bytes []byte
	due   time.Time
}

func (w *way) init(from io.ReadCloser, to io.Writer) {
	w.from, w.to, w.under = from, to, make(chan packet, maxQueue)
	w.now.Store(&weather{})
}

// set changes the weather from the next packet on.
func (w *way) set(now weather) { w.now.Store(&now) }

func (w *way) read() {
	defer close(w.under)
	buffer := make([]byte, maxPacket)
	var last time.Time
	for {
		n, err := w.from.Read(buffer)
		if err != nil {
			return // it was closed
		}
		now := w.now.Load()
		if now.Cut || now.Loss > 0 && rand.Float64() < now.Loss {
			w.dropped.Add(1)
			continue
		}
		due := time.Now().Add(now.Delay)
		if now.Jitter > 0 {
			due = due.Add(rand.N(now.Jitter))
		}
		if due.Before(last) {
			due = last
		}
		last = due
		select {
		case w.under <- packet{append([]byte(nil), buffer[:n]...), due}:
		default:
			w.dropped.Add(1)
		}
	}
}

func (w *way) write() {
	for p := range w.under {
		if wait := time.Until(p.due); wait > 0 {
			<-time.After(wait)
		}
		if _, err := w.to.Write(p.bytes); err == nil {
			w.carried.Add(1)
		}
	}
}
