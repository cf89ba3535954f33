package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"greenroom.dev/greenroom/internal/load"
)

// floorSpec describes the least a UDP room can cost: a process that sends to every member, each tick, datagrams of as many
// bytes as the others' positions take, made before, with sendmmsg. It seals and encodes nothing.
type floorSpec struct {
	Members  int
	Entities int // told to each member each tick
	Tick     time.Duration
	Segments bool // several datagrams to a member go as one (UDP_SEGMENT)
}

const (
	// entityBytes is a position of a member above 31 without data in docs/WIRE.md's encoding: 2 bytes of head, 7 of place.
	entityBytes = 9
	// floorDatagram is the most bytes of entities in a datagram.
	floorDatagram = 1152 / entityBytes * entityBytes
)

func runFloor(ctx context.Context, text []byte) error {
	var spec floorSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetWriteBuffer(8 << 20)
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{udpFloor: conn.LocalAddr().String()}); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	f := floor{spec: spec}
	if err := f.gather(conn); err != nil {
		return err
	}
	f.prepare()
	return f.run(ctx, conn)
}

// floor is what is sent each tick: the same bytes to everybody.
type floor struct {
	spec     floorSpec
	to       []netip.AddrPort
	payload  [][]byte // of one message each
	messages []message
	at       int // the next to be sent
	err      error

	names    []unix.RawSockaddrInet4
	vectors  []unix.Iovec
	controls []segmentSize
}

// message is struct mmsghdr.
type message struct {
	unix.Msghdr
	sent uint32
}

// segmentSize is the control message UDP_SEGMENT.
type segmentSize struct {
	unix.Cmsghdr
	bytes uint16
	_     [6]byte
}

// gather waits for the members to come.
func (f *floor) gather(conn *net.UDPConn) error {
	for len(f.to) < f.spec.Members {
		_, from, err := conn.ReadFromUDPAddrPort(make([]byte, 64))
		if err != nil {
			return err
		}
		if _, err := conn.WriteToUDPAddrPort([]byte{0}, from); err != nil { // it is in
			return err
		}
		f.to = append(f.to, from)
	}
	return nil
}

// run sends at every tick until ctx ends.
func (f *floor) run(ctx context.Context, conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	ticks := time.NewTicker(f.spec.Tick)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		for _, b := range f.payload {
			binary.LittleEndian.PutUint64(b, uint64(time.Now().UnixNano()))
		}
		for f.at = 0; f.at < len(f.messages); {
			if err := errors.Join(raw.Write(f.send), f.err); err != nil {
				return err
			}
		}
	}
}

// prepare makes the headers; they stay as they are.
func (f *floor) prepare() {
	left := f.spec.Entities * entityBytes
	for left > 0 {
		n := min(left, floorDatagram)
		if f.spec.Segments {
			n = min(left, 16*floorDatagram)
		}
		f.payload = append(f.payload, make([]byte, max(n, 8)))
		left -= n
	}
	n := len(f.to) * len(f.payload)
	f.messages, f.names = make([]message, n), make([]unix.RawSockaddrInet4, len(f.to))
	f.vectors, f.controls = make([]unix.Iovec, len(f.payload)), make([]segmentSize, len(f.payload))
	for i, b := range f.payload {
		f.vectors[i].Base = &b[0]
		f.vectors[i].SetLen(len(b))
		c := &f.controls[i]
		c.Level, c.Type, c.bytes = unix.SOL_UDP, unix.UDP_SEGMENT, floorDatagram
		c.SetLen(unix.CmsgLen(2))
	}
	for i, to := range f.to {
		port := to.Port()
		f.names[i] = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port<<8 | port>>8, Addr: to.Addr().Unmap().As4()}
		for k := range f.payload {
			h := &f.messages[i*len(f.payload)+k].Msghdr
			h.Name, h.Namelen = (*byte)(unsafe.Pointer(&f.names[i])), unix.SizeofSockaddrInet4
			h.Iov = &f.vectors[k]
			h.SetIovlen(1)
			if len(f.payload[k]) > floorDatagram {
				h.Control = (*byte)(unsafe.Pointer(&f.controls[k]))
				h.SetControllen(unix.CmsgSpace(2))
			}
		}
	}
}

// send is for RawConn.Write: false waits for room in the kernel.
func (f *floor) send(fd uintptr) bool {
	const atOnce = 512
	n := min(len(f.messages)-f.at, atOnce)
	sent, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&f.messages[f.at])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		f.at += int(sent)
	case unix.EAGAIN:
		return false
	default:
		f.err = fmt.Errorf("sendmmsg: %w", errno)
	}
	return true
}

// floorWire is a member that receives what the floor sends.
type floorWire struct{}

// Enter implements load.Wire, as do the following.
func (floorWire) Enter(conn net.Conn) ([]byte, error) {
	if _, err := conn.Write([]byte{1}); err != nil {
		return nil, err
	}
	_, err := conn.Read(make([]byte, 1))
	return nil, err
}

func (floorWire) Update(b []byte, _ int64) []byte { return b }

func (floorWire) Scan(b []byte, s *load.Sink) (int, error) {
	for n := range len(b) / entityBytes {
		if s.Deliver() && n < 8 { // the first of a datagram; only the first datagram of a tick has the time
			if sent := int64(binary.LittleEndian.Uint64(b)); sent > 0 {
				s.Stamp(sent)
			}
		}
	}
	return len(b), nil
}
