package room

import "net"

// Guest is a connection that wants to know when its ticket was taken: until then it is half-open.
type Guest interface{ Admitted() }

// Admitted tells c, or what c wraps, that its ticket was taken. Doors call it once Gate.Admit has let the connection in.
func Admitted(c net.Conn) {
	for {
		if g, ok := c.(Guest); ok {
			g.Admitted()
			return
		}
		wraps, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		c = wraps.NetConn()
	}
}
