//go:build !linux

package udp

import "net"

func newKernel(c *net.UDPConn, _ bool) (kernel, error) { return &plain{conn: c}, nil }

type outgoing struct{}
