package udp

import (
	"net"
	"net/netip"
)

// kernel takes and hands over many datagrams at once. receive and received are for one goroutine; send may be called by
// several, each with a batch of its own.
type kernel interface {
	// receive waits for datagrams and answers how many came.
	receive() (int, error)
	// received is the i-th of them, good until the next receive.
	received(i int) ([]byte, netip.AddrPort)
	// send answers how many datagrams and bytes went, and how many did not.
	send(b *batch, wait bool) (datagrams, bytes, failed int)
	// close has receive end with net.ErrClosed; free lets go of the socket once nobody calls any more.
	close()
	free()
}

// receiveBytes holds a datagram and one byte more, by which one that is too long is known.
const receiveBytes = 2048

// plain is the kernel of every system: a call for each datagram.
type plain struct {
	conn *net.UDPConn
	buf  [receiveBytes]byte
	n    int
	from netip.AddrPort
}

func (p *plain) receive() (int, error) {
	n, from, err := p.conn.ReadFromUDPAddrPort(p.buf[:])
	if err != nil {
		return 0, err
	}
	p.n, p.from = n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	return 1, nil
}

func (p *plain) close() { p.conn.Close() }

func (p *plain) free() {}

func (p *plain) received(int) ([]byte, netip.AddrPort) { return p.buf[:p.n], p.from }

func (p *plain) send(b *batch, _ bool) (datagrams, bytes, failed int) {
	b.split(0)
	for _, m := range b.messages {
		n, err := p.conn.WriteToUDPAddrPort(b.arena[m.at:m.end], m.to)
		if err != nil {
			failed++
			continue
		}
		datagrams++
		bytes += n
	}
	return datagrams, bytes, failed
}
