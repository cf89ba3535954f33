package interop_test

import (
	"net"
	"sync"
	"time"
)

// pipe is a connection in memory, which virtual time needs. Like a TCP connection, and unlike net.Pipe, its two
// directions end one by one.
type pipe struct{ in, out net.Conn }

func newPipe() (near, far net.Conn) {
	toFar, fromNear := net.Pipe()
	toNear, fromFar := net.Pipe()
	return &pipe{fromFar, toFar}, &pipe{fromNear, toNear}
}

func (p *pipe) Read(b []byte) (int, error)         { return p.in.Read(b) }
func (p *pipe) Write(b []byte) (int, error)        { return p.out.Write(b) }
func (p *pipe) CloseWrite() error                  { return p.out.Close() }
func (p *pipe) LocalAddr() net.Addr                { return p.in.LocalAddr() }
func (p *pipe) RemoteAddr() net.Addr               { return p.in.RemoteAddr() }
func (p *pipe) SetReadDeadline(t time.Time) error  { return p.in.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(t time.Time) error { return p.out.SetWriteDeadline(t) }

func (p *pipe) Close() error {
	p.out.Close()
	return p.in.Close()
}

func (p *pipe) SetDeadline(t time.Time) error {
	_ = p.out.SetWriteDeadline(t)
	return p.in.SetReadDeadline(t)
}

// pipes listens for them.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{accept: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	near, far := newPipe()
	select {
	case p.accept <- far:
		return near, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Accept implements net.Listener, as do Close and Addr.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
