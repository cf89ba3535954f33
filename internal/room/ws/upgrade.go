package ws

import (
	"net"
	"net/http"
	"slices"

	"github.com/gobwas/ws"
)

// Upgrade serves GET requests that open a byte stream (Stream) of another protocol.
type Upgrade struct {
	Protocol string                // the subprotocol
	Others   map[string]string     // what is told to those who ask for one of these instead
	Serve    func(stream net.Conn) // until it ends; closes it
}

// ServeHTTP upgrades the request and serves the stream until it ends.
func (u *Upgrade) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !offers(r, u.Protocol) {
		why := "this address speaks WebSocket with the subprotocol " + u.Protocol
		for other, sentence := range u.Others {
			if offers(r, other) {
				why = sentence
			}
		}
		http.Error(w, why, http.StatusBadRequest)
		return
	}
	up := ws.HTTPUpgrader{Protocol: func(p string) bool { return p == u.Protocol }, Timeout: upgradeWithin}
	nc, rw, _, err := up.Upgrade(r, w)
	if err != nil {
		return // the upgrader answered
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	u.Serve(newStream(nc, slices.Clone(early)))
}
