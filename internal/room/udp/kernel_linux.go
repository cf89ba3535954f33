package udp

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const receiveMessages = 64

// mmsghdr is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// linux is recvmmsg and sendmmsg, and UDP_SEGMENT. golang.org/x/net has the calls too, but makes a net.Addr of two
// allocations for each datagram received.
type linux struct {
	raw  syscall.RawConn
	v6   bool        // of the socket
	segs atomic.Bool // the kernel cuts segments

	in    [receiveMessages]mmsghdr
	iovs  [receiveMessages]unix.Iovec
	names [receiveMessages]unix.RawSockaddrInet6
	bufs  [receiveMessages][receiveBytes]byte
	n     int
	errno syscall.Errno
	recv  func(fd uintptr) bool
}

func newKernel(c *net.UDPConn, segments bool) (kernel, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	k := &linux{raw: raw}
	var sockErr error
	err = raw.Control(func(fd uintptr) {
		var domain int
		domain, sockErr = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		k.v6 = domain == unix.AF_INET6
		if segments {
			_, err := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT)
			k.segs.Store(err == nil)
		}
	})
	if err = errors.Join(err, sockErr); err != nil {
		return nil, err
	}
	for i := range k.in {
		k.iovs[i].Base = &k.bufs[i][0]
		k.iovs[i].SetLen(receiveBytes)
		h := &k.in[i].hdr
		h.Iov = &k.iovs[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&k.names[i]))
	}
	k.recv = k.tryReceive
	return k, nil
}

func (k *linux) receive() (int, error) {
	for {
		if err := k.raw.Read(k.recv); err != nil {
			return 0, err
		}
		switch k.errno {
		case 0:
			return k.n, nil
		case unix.EINTR, unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH:
			// an ICMP message about one peer is no failure of the socket
		default:
			return 0, k.errno
		}
	}
}

// tryReceive is for RawConn.Read: false waits.
func (k *linux) tryReceive(fd uintptr) bool {
	for i := range k.in {
		k.in[i].hdr.Namelen = unix.SizeofSockaddrInet6
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&k.in[0])), receiveMessages, unix.MSG_DONTWAIT, 0, 0)
	k.n, k.errno = int(n), errno
	return errno != unix.EAGAIN
}

func (k *linux) received(i int) ([]byte, netip.AddrPort) {
	name := &k.names[i]
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return k.bufs[i][:k.in[i].n], netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), swapped(v4.Port))
	}
	return k.bufs[i][:k.in[i].n], netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), swapped(name.Port))
}

// swapped turns a port around between network order as it lies in memory and a number.
func swapped(port uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&port))
	return uint16(b[0])<<8 | uint16(b[1])
}

// outgoing is what sendmmsg needs beside a batch. A batch has one, made at its first sending.
type outgoing struct {
	hdrs   []mmsghdr
	iovs   []unix.Iovec
	names  []unix.RawSockaddrInet6
	cmsgs  []segmentControl
	at     int // the first that was not handed over
	end    int
	errno  syscall.Errno
	wait   bool
	handed func(fd uintptr) bool
}

// segmentControl is a control message UDP_SEGMENT.
type segmentControl struct {
	hdr  unix.Cmsghdr
	size uint16
	_    [6]byte
}

func (k *linux) send(b *batch, wait bool) (datagrams, bytes, failed int) {
	if !k.segs.Load() {
		b.split(0)
	}
	o := k.fill(b)
	o.wait = wait
	for o.at < o.end {
		from := o.at
		err := k.raw.Write(o.handed)
		for _, m := range b.messages[from:o.at] {
			datagrams += m.segments
			bytes += m.end - m.at
		}
		if err == nil && (o.errno == 0 || o.errno == unix.EINTR) {
			continue
		}
		if err != nil || o.errno == unix.EAGAIN {
			failed += o.end - o.at
			break
		}
		if m := b.messages[o.at]; m.segments > 1 && refusesSegments(o.errno) {
			k.segs.Store(false)
			b.split(o.at)
			at := o.at
			o = k.fill(b)
			o.at, o.wait = at, wait
			continue
		}
		o.at++ // this one's address cannot be reached
		failed++
	}
	return datagrams, bytes, failed
}

// refusesSegments: the driver or the route cannot cut segments; without them it may work.
func refusesSegments(errno syscall.Errno) bool {
	return errno == unix.EIO || errno == unix.EINVAL || errno == unix.EMSGSIZE || errno == unix.EOPNOTSUPP || errno == unix.ENOPROTOOPT
}

// fill makes the headers of all messages of b.
func (k *linux) fill(b *batch) *outgoing {
	o := b.outgoing
	if o == nil {
		o = &outgoing{}
		o.handed = o.tryHand
		b.outgoing = o
	}
	n := len(b.messages)
	if cap(o.hdrs) < n {
		n = max(n, batchMessages)
		o.hdrs, o.iovs = make([]mmsghdr, n), make([]unix.Iovec, n)
		o.names, o.cmsgs = make([]unix.RawSockaddrInet6, n), make([]segmentControl, n)
	}
	for i := range b.messages {
		m := &b.messages[i]
		h := &o.hdrs[i].hdr
		*h = unix.Msghdr{Iov: &o.iovs[i], Name: (*byte)(unsafe.Pointer(&o.names[i]))}
		h.SetIovlen(1)
		o.iovs[i].Base = &b.arena[m.at]
		o.iovs[i].SetLen(m.end - m.at)
		h.Namelen = k.name(&o.names[i], m.to)
		if m.segments > 1 {
			c := &o.cmsgs[i]
			c.hdr.Level, c.hdr.Type, c.size = unix.SOL_UDP, unix.UDP_SEGMENT, segmentBytes
			c.hdr.SetLen(unix.CmsgLen(2))
			h.Control = (*byte)(unsafe.Pointer(c))
			h.SetControllen(unix.CmsgSpace(2))
		}
	}
	o.at, o.end = 0, len(b.messages)
	return o
}

func (k *linux) name(n *unix.RawSockaddrInet6, to netip.AddrPort) uint32 {
	if k.v6 {
		n.Family, n.Port, n.Addr = unix.AF_INET6, swapped(to.Port()), to.Addr().As16()
		return unix.SizeofSockaddrInet6
	}
	v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(n))
	v4.Family, v4.Port = unix.AF_INET, swapped(to.Port())
	if to.Addr().Is4() {
		v4.Addr = to.Addr().As4()
	}
	return unix.SizeofSockaddrInet4
}

// tryHand is for RawConn.Write: false waits.
func (o *outgoing) tryHand(fd uintptr) bool {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&o.hdrs[o.at])), uintptr(o.end-o.at), unix.MSG_DONTWAIT, 0, 0)
	if o.errno = errno; errno == 0 {
		o.at += int(n)
	}
	return errno != unix.EAGAIN || !o.wait
}
