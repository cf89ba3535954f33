package udp

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const sharesAddress = true

// share lets several sockets listen on one address; the kernel gives each peer to one of them.
func share(_, _ string, c syscall.RawConn) error {
	var err error
	if failed := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); failed != nil {
		return failed
	}
	return err
}
