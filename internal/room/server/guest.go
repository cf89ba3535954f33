package server

import (
	"net"
	"net/netip"
	"sync"
)

// guest is a connection that is half-open until a ticket was taken, or until it is closed. What it carries is counted.
type guest struct {
	*net.TCPConn
	entrance *entrance
	from     netip.Addr
	counted  sync.Once
}

// Admitted implements room.Guest.
func (g *guest) Admitted() { g.counted.Do(func() { g.entrance.leave(g.from) }) }

// Close implements net.Conn, as do the following.
func (g *guest) Close() error {
	g.Admitted()
	return g.TCPConn.Close()
}

func (g *guest) Read(p []byte) (int, error) {
	n, err := g.TCPConn.Read(p)
	g.entrance.traffic.ReceivedBytes.Add(uint64(n))
	return n, err
}

func (g *guest) Write(p []byte) (int, error) {
	g.entrance.traffic.SentPackets.Add(1)
	n, err := g.TCPConn.Write(p)
	g.entrance.traffic.SentBytes.Add(uint64(n))
	return n, err
}

// WriteBuffers implements room.BuffersWriter.
func (g *guest) WriteBuffers(bufs [][]byte) error {
	g.entrance.traffic.SentPackets.Add(1)
	v := net.Buffers(bufs)
	n, err := v.WriteTo(g.TCPConn)
	g.entrance.traffic.SentBytes.Add(uint64(n))
	return err
}
