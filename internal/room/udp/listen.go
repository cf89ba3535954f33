package udp

import (
	"context"
	"fmt"
	"net"
	"runtime"
)

// MaxSockets bounds the sockets of one address.
const MaxSockets = 8

// Listen listens on a UDP address, such as ":7400", with one socket for each CPU the program may use, at most MaxSockets,
// where the system can share an address among them (Linux), else with one. Serve's door closes them.
func Listen(ctx context.Context, address string) ([]*net.UDPConn, error) {
	n := min(runtime.GOMAXPROCS(0), MaxSockets)
	if !sharesAddress {
		n = 1
	}
	config := net.ListenConfig{Control: share}
	var all []*net.UDPConn
	for range n {
		c, err := config.ListenPacket(ctx, "udp", address)
		if err != nil {
			for _, c := range all {
				c.Close()
			}
			return nil, fmt.Errorf("listen for %s: %w", Endpoint, err)
		}
		udp := c.(*net.UDPConn)
		// Best effort: a system that grants less drops a little earlier.
		_ = udp.SetReadBuffer(socketBuffer)
		_ = udp.SetWriteBuffer(socketBuffer)
		all = append(all, udp)
		address = udp.LocalAddr().String() // the port, if any was free to choose
	}
	return all, nil
}

// socketBuffer is what a socket may hold in the kernel, in bytes: a tick of several rooms.
const socketBuffer = 4 << 20
