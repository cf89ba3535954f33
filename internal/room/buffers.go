package room

import "net"

// BuffersWriter is a connection with a way of its own to send several buffers in one write, such as one that encrypts
// them. WriteBuffers changes none of them and keeps none.
type BuffersWriter interface {
	WriteBuffers(bufs [][]byte) error
}

// WriteBuffers sends bufs, in one write where conn can. bufs is used up; what is in it is not changed.
func WriteBuffers(conn net.Conn, bufs [][]byte) error {
	if len(bufs) == 1 {
		_, err := conn.Write(bufs[0])
		return err
	}
	if w, ok := conn.(BuffersWriter); ok {
		return w.WriteBuffers(bufs)
	}
	v := net.Buffers(bufs)
	_, err := v.WriteTo(conn)
	return err
}
