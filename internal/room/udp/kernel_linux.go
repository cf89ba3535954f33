package udp

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const receiveMessages = 64

// mmsghdr is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// linux is recvmmsg and sendmmsg, and UDP_SEGMENT, on a descriptor of its own. golang.org/x/net has the calls too, but makes a
// net.Addr of two allocations for each datagram received; and a socket that Go's poller knows wakes a thread for each
// datagram, whether anybody waits for one or not.
type linux struct {
	fd     int
	v6     bool        // of the socket
	segs   atomic.Bool // the kernel cuts segments
	closed atomic.Bool
	rest   bool // the last look emptied the socket; the reader's, as is
	quiet  int  // looks in a row that found nothing

	in    [receiveMessages]mmsghdr
	iovs  [receiveMessages]unix.Iovec
	names [receiveMessages]unix.RawSockaddrInet6
	bufs  [receiveMessages][receiveBytes]byte
}

// How a socket is looked after: while datagrams come it is emptied every gather, so that hundreds of players' datagrams
// and acknowledgements, which come one by one all the time, do not each wake a thread. After patience looks in vain the
// reader sleeps until the next datagram.
const (
	gather   = 5 * time.Millisecond
	patience = 20
	// pollFor bounds a sleep in the kernel, in milliseconds.
	pollFor = 1000
)

// newKernel takes the socket over: c is closed, and the kernel's close ends it.
func newKernel(c *net.UDPConn, segments bool) (kernel, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	k := &linux{fd: -1}
	var failed error
	err = raw.Control(func(fd uintptr) {
		if k.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); failed != nil {
			k.fd = -1
			return
		}
		var domain int
		domain, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		k.v6 = domain == unix.AF_INET6
		if segments {
			_, err := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT)
			k.segs.Store(err == nil)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		if k.fd >= 0 {
			k.free()
		}
		return nil, err
	}
	c.Close() // takes it from the poller
	for i := range k.in {
		k.iovs[i].Base = &k.bufs[i][0]
		k.iovs[i].SetLen(receiveBytes)
		h := &k.in[i].hdr
		h.Iov = &k.iovs[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&k.names[i]))
	}
	return k, nil
}

func (k *linux) receive() (int, error) {
	if k.rest {
		pause()
	}
	for !k.closed.Load() {
		n, errno := k.take()
		switch errno {
		case 0:
			k.quiet, k.rest = 0, n < receiveMessages
			return n, nil
		case unix.EAGAIN:
			k.await()
		case unix.EINTR, unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH:
			// an ICMP message about one peer is no failure of the socket
		default:
			if k.closed.Load() {
				return 0, net.ErrClosed
			}
			return 0, errno
		}
	}
	return 0, net.ErrClosed
}

func (k *linux) take() (int, syscall.Errno) {
	for i := range k.in {
		k.in[i].hdr.Namelen = unix.SizeofSockaddrInet6
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(k.fd), uintptr(unsafe.Pointer(&k.in[0])), receiveMessages, unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// await is until the next look.
func (k *linux) await() {
	if k.quiet++; k.quiet < patience {
		pause()
		return
	}
	k.poll(unix.POLLIN)
}

// pause is until the clock shows a multiple of gather. All sockets look at the same times, and as often between two ticks as
// between the next two: a tick has as many players' positions as the next.
func pause() {
	now := time.Now()
	time.Sleep(now.Truncate(gather).Add(gather).Sub(now))
}

// poll sleeps until the socket is ready for something, or closed.
func (k *linux) poll(events int16) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(k.fd), Events: events}}, pollFor) // whoever calls looks again
}

// close has receive end. The descriptor lives until free.
func (k *linux) close() {
	k.closed.Store(true)
	_ = unix.Shutdown(k.fd, unix.SHUT_RDWR) // wakes who polls, though it fails on a socket without a peer
}

func (k *linux) free() { _ = unix.Close(k.fd) }

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
	hdrs  []mmsghdr
	iovs  []unix.Iovec
	names []unix.RawSockaddrInet6
	cmsgs []segmentControl
	at    int // the first that was not handed over
	end   int
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
	for o.at < o.end {
		from := o.at
		errno := k.hand(o)
		for _, m := range b.messages[from:o.at] {
			datagrams += m.segments
			bytes += m.end - m.at
		}
		switch {
		case errno == 0 || errno == unix.EINTR:
		case errno == unix.EAGAIN && wait && !k.closed.Load():
			k.poll(unix.POLLOUT)
		case errno == unix.EAGAIN || k.closed.Load():
			return datagrams, bytes, failed + o.end - o.at
		case b.messages[o.at].segments > 1 && refusesSegments(errno):
			k.segs.Store(false)
			b.split(o.at)
			at := o.at
			o = k.fill(b)
			o.at = at
		default:
			o.at++ // this one's address cannot be reached
			failed++
		}
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
		b.outgoing = o
	}
	n := len(b.messages)
	if cap(o.hdrs) < n {
		n = max(n, cap(b.messages))
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

// hand gives the kernel what it takes at once.
func (k *linux) hand(o *outgoing) syscall.Errno {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(k.fd), uintptr(unsafe.Pointer(&o.hdrs[o.at])), uintptr(o.end-o.at), unix.MSG_DONTWAIT, 0, 0)
	if errno == 0 {
		o.at += int(n)
	}
	return errno
}
