// Package echo owns what answers those who measure how far it is: datagrams by UDP, and an HTTP handler. Nothing is known
// or kept of who asks; an answer is never larger than its question, so that nobody can be flooded through it.
package echo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Size is the length of a question and of its answer, in bytes.
//
//	question = 47 52 45 3F ("GRE?") · 12 bytes that the client draws
//	answer   = 47 52 45 21 ("GRE!") · the same 12 bytes
const Size = 16

// Nonce is the part of a question that tells it from others.
type Nonce [12]byte

const (
	asks    = "GRE?"
	answers = "GRE!"
)

// Question is the datagram that asks with a nonce.
func Question(n Nonce) []byte { return append([]byte(asks), n[:]...) }

// Answer is the datagram that answers one; false for anything but a question, an answer among them: two that echo must not
// begin to talk with each other.
func Answer(question []byte) ([]byte, bool) {
	if len(question) != Size || string(question[:4]) != asks {
		return nil, false
	}
	return append([]byte(answers), question[4:]...), true
}

// Answers tells whether a datagram answers the question with that nonce.
func Answers(datagram []byte, n Nonce) bool {
	return len(datagram) == Size && string(datagram[:4]) == answers && Nonce(datagram[4:]) == n
}

// ServeUDP answers questions until ctx ends, closes conn, and returns nil; or the error by which conn came to its end.
func ServeUDP(ctx context.Context, conn net.PacketConn) error {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	in := make([]byte, Size+1) // one more tells what is too long
	for {
		n, from, err := conn.ReadFrom(in)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // such as a port that was found closed: another client's, and over
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
			continue
		}
		if out, ok := Answer(in[:n]); ok {
			_, _ = conn.WriteTo(out, from) // what is lost is asked again
		}
	}
}

// Handler answers GET with 204 and nothing else, to pages of every origin, and never from a cache.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Timing-Allow-Origin", "*")
		h.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
