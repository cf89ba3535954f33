package udp

import (
	"net"
	"net/netip"
	"testing"
	"time"

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
	b.Cleanup(func() { c.Close() })
	_ = c.SetWriteBuffer(socketBuffer)
	k, err := newKernel(c, segments)
	if err != nil {
		b.Fatal(err)
	}
	return k
}

// BenchmarkDoor is a tick of positions to 100 members: what is shared is handed to each connection, packed, sealed,
// remembered, handed to the kernel, and acknowledged by the member. ns/entity is the price of one position told to one member.
// BenchmarkFloor hands the kernel datagrams of the same sizes, and nothing else; the ratio is what the door adds.
func BenchmarkDoor(b *testing.B) {
	for _, entities := range []int{50, 100, 500} {
		b.Run(sizeName(entities), func(b *testing.B) { benchDoor(b, entities) })
	}
}

func BenchmarkFloor(b *testing.B) {
	for _, entities := range []int{50, 100, 500} {
		b.Run(sizeName(entities), func(b *testing.B) { benchFloor(b, entities) })
	}
}

func sizeName(entities int) string {
	return map[int]string{50: "50_entities", 100: "100_entities", 500: "500_entities"}[entities]
}

const benchMembers = 100

func benchDoor(b *testing.B, entities int) {
	to := sinks(b, benchMembers)
	_, sock := quietDoor()
	heard := &hearing{kernel: sender(b, true), b: b, of: map[netip.AddrPort]int{}}
	sock.kernel = heard
	conns := make([]*conn, benchMembers)
	for i := range conns {
		c, p := member(b, sock, uint64(i+1), to[i])
		conns[i], heard.of[to[i]] = c, i
		heard.players = append(heard.players, p)
	}
	ack := make([]byte, dgram.MaxDatagram)
	b.ReportAllocs()
	b.ResetTimer()
	for heard.now = time.Now(); b.Loop(); heard.now = heard.now.Add(50 * time.Millisecond) {
		shared := &room.Shared{Latest: latest(standing(entities))}
		for _, c := range conns {
			if !c.Share(shared, heard.now) {
				b.Fatal("too slow")
			}
			c.Flush()
		}
		for _, c := range conns {
			sock.pump(c, heard.now)
			c.sched.ready = false
		}
		sock.flush(sock.out, true)
		clear(sock.ready)
		sock.ready = sock.ready[:0]
		for i, p := range heard.players {
			b.StopTimer() // the member's work is its own
			n := p.Send(ack, heard.now.Add(dgram.PlayerAckDelay))
			b.StartTimer()
			if n > 0 {
				conns[i].receive(ack[:n], to[i], heard.now)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(benchMembers*entities), "ns/entity")
}

// hearing has the members take what is handed to the kernel, while the clock stands.
type hearing struct {
	kernel
	b       *testing.B
	now     time.Time
	players []*dgram.Endpoint
	of      map[netip.AddrPort]int
	in      [dgram.MaxDatagram]byte
}

func (h *hearing) send(out *batch, wait bool) (datagrams, bytes, failed int) {
	h.b.StopTimer()
	for _, m := range out.messages {
		p := h.players[h.of[m.to]]
		for at := m.at; at < m.end; at += dgram.MaxDatagram {
			n := copy(h.in[:], out.arena[at:min(at+dgram.MaxDatagram, m.end)])
			if err := p.Receive(h.in[:n], netip.AddrPort{}, h.now, deaf{}); err != nil {
				h.b.Fatal(err)
			}
		}
	}
	h.b.StartTimer()
	return h.kernel.send(out, wait)
}

func benchFloor(b *testing.B, entities int) {
	to := sinks(b, benchMembers)
	k := sender(b, true)
	size := 33 + 4 // a datagram's frame
	for _, l := range latest(standing(entities)) {
		size += len(l.Bytes)
	}
	out := newBatch()
	b.ResetTimer()
	for b.Loop() {
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
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(benchMembers*entities), "ns/entity")
}
