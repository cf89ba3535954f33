package udp

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/dgram"
)

// sinks are sockets that nobody reads, one for each member: what the kernel does with a datagram is part of its price.
func sinks(b *testing.B, n int) []netip.AddrPort {
	b.Helper()
	all := make([]netip.AddrPort, n)
	for i := range all {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		_ = c.SetReadBuffer(4 << 10)
		all[i] = c.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	return all
}

func sender(b *testing.B, segments bool) kernel {
	b.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	_ = c.SetWriteBuffer(socketBuffer)
	k, err := newKernel(c, segments)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(k.free)
	return k
}

// BenchmarkDoorAgainstFloor is a tick of positions to 100 members: what is shared is handed to each connection, packed,
// sealed, remembered, handed to the kernel, and acknowledged by the member. door-ns/entity is the price of one position told to
// one member, floor-ns/entity that of handing the kernel datagrams of the same sizes and nothing else, turn and turn about in
// one run. Both are the thread's CPU time, so that a busy machine does not matter; what the members do is not counted.
func BenchmarkDoorAgainstFloor(b *testing.B) {
	for _, entities := range []int{20, 50, 100, 500} {
		b.Run(fmt.Sprint(entities), func(b *testing.B) { benchTick(b, entities) })
	}
}

const benchMembers = 100

// cpu is the CPU time of the calling thread.
func cpu() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

func benchTick(b *testing.B, entities int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	to := sinks(b, benchMembers)
	d := newBenchDoor(b, to)
	bare := sender(b, true)
	var size int
	for _, l := range latest(standing(entities)) {
		size += len(l.Bytes)
	}
	out := newBatch()
	var door, floor time.Duration
	for b.Loop() {
		shared := &room.Shared{Latest: latest(standing(entities))}
		door += d.tick(b, shared)
		began := cpu()
		handOver(bare, out, to, size+headBytes)
		floor += cpu() - began
	}
	updates := float64(b.N) * float64(benchMembers*entities)
	b.ReportMetric(float64(door)/updates, "door-ns/entity")
	b.ReportMetric(float64(floor)/updates, "floor-ns/entity")
	b.ReportMetric(float64(door)/float64(floor), "door/floor")
}

// headBytes is what a datagram has beside positions: header, tag, the head of a frame.
const headBytes = 33 + 6

// handOver gives the kernel so many bytes for each address.
func handOver(k kernel, out *batch, to []netip.AddrPort, size int) {
	for _, a := range to {
		for left := size; left > 0; left -= dgram.MaxDatagram {
			if !out.fits() {
				k.send(out, true)
				out.reset()
			}
			out.add(min(left, dgram.MaxDatagram), a)
		}
	}
	k.send(out, true)
	out.reset()
}

// benchDoor is a door's sender with its connections, and the members' ends of them.
type benchDoor struct {
	kernel
	sock    *socket
	conns   []*conn
	players []*dgram.Endpoint
	of      map[netip.AddrPort]int
	to      []netip.AddrPort
	acks    [][]byte
	now     time.Time
	hearing time.Duration
	in      [dgram.MaxDatagram]byte
}

func newBenchDoor(b *testing.B, to []netip.AddrPort) *benchDoor {
	d := &benchDoor{kernel: sender(b, true), of: map[netip.AddrPort]int{}, to: to, acks: make([][]byte, len(to)), now: time.Now()}
	_, d.sock = quietDoor()
	d.sock.kernel = d
	for i, a := range to {
		c, p := member(b, d.sock, uint64(i+1), a)
		d.conns, d.players = append(d.conns, c), append(d.players, p)
		d.of[a], d.acks[i] = i, make([]byte, dgram.MaxDatagram)
	}
	return d
}

// send has the members take what is handed to the kernel, which is their work and not the door's.
func (d *benchDoor) send(out *batch, wait bool) (datagrams, bytes, failed int) {
	began := cpu()
	for _, m := range out.messages {
		p := d.players[d.of[m.to]]
		for at := m.at; at < m.end; at += dgram.MaxDatagram {
			n := copy(d.in[:], out.arena[at:min(at+dgram.MaxDatagram, m.end)])
			if err := p.Receive(d.in[:n], netip.AddrPort{}, d.now, deaf{}); err != nil {
				panic(err)
			}
		}
	}
	d.hearing += cpu() - began
	return d.kernel.send(out, wait)
}

// tick tells everybody, and answers what that cost.
func (d *benchDoor) tick(b *testing.B, shared *room.Shared) time.Duration {
	d.hearing = 0
	d.now = d.now.Add(50 * time.Millisecond)
	began := cpu()
	for _, c := range d.conns {
		if !c.Share(shared, d.now) {
			b.Fatal("too slow")
		}
		c.Flush()
	}
	for _, c := range d.conns {
		d.sock.pump(c, d.now)
		c.ready = false
	}
	d.sock.flush(d.sock.out, true)
	clear(d.sock.ready)
	d.sock.ready = d.sock.ready[:0]
	cost := cpu() - began - d.hearing
	lengths := make([]int, len(d.players))
	for i, p := range d.players {
		lengths[i] = p.Send(d.acks[i], d.now.Add(dgram.LatestAckDelay))
	}
	began = cpu()
	for i, n := range lengths {
		if n > 0 {
			d.conns[i].receive(d.acks[i][:n], d.to[i], d.now.Add(dgram.LatestAckDelay))
		}
	}
	return cost + cpu() - began
}
