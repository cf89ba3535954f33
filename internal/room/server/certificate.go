package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// certificateLook is how often the files of a certificate are looked at.
const certificateLook = 10 * time.Second

// certificate is the server's, of two PEM files, which are read anew when they change: a renewed one needs no restart,
// and the connections there are stay as they are.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]
	seen              [2]time.Time // when the files changed that were read last
}

// CheckCertificate tells what is wrong with the files of a certificate and its key, as a room server would on start; no
// files at all are fine.
func CheckCertificate(certFile, keyFile string) error {
	_, err := newCertificate(certFile, keyFile, slog.New(slog.DiscardHandler))
	return err
}

// newCertificate reads the files. Without any there is no certificate: nil.
func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case certFile == "":
		return nil, fmt.Errorf("TLS key %s: its certificate is missing: name the file with --tls-cert or GREENROOM_TLS_CERT", keyFile)
	case keyFile == "":
		return nil, fmt.Errorf("TLS certificate %s: its key is missing: name the file with --tls-key or GREENROOM_TLS_KEY", certFile)
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	c.seen = c.changed()
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	c.take(loaded)
	return c, nil
}

// load reads the files; its errors name them.
func (c *certificate) load() (*tls.Certificate, error) {
	certPEM, err := os.ReadFile(c.certFile)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w: name a PEM file with --tls-cert or GREENROOM_TLS_CERT", err)
	}
	keyPEM, err := os.ReadFile(c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS key: %w: name a PEM file with --tls-key or GREENROOM_TLS_KEY", err)
	}
	loaded, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate %s with key %s: %w: give the PEM files of one certificate, with its chain, and of its own key", c.certFile, c.keyFile, err)
	}
	return &loaded, nil
}

// take makes a certificate the one that new connections see.
func (c *certificate) take(loaded *tls.Certificate) {
	c.current.Store(loaded)
	if end := loaded.Leaf.NotAfter; time.Now().After(end) {
		c.log.Warn("certificate has expired: clients will refuse it", "file", c.certFile, "expired_at", end)
	}
}

// changed tells when the files changed last.
func (c *certificate) changed() (at [2]time.Time) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil {
			at[i] = info.ModTime()
		}
	}
	return at
}

// Tick looks at the files and takes them if they changed. What cannot be read, such as a new certificate whose key is
// still to come, is logged, and the one from before stays.
func (c *certificate) Tick() {
	changed := c.changed()
	if changed == c.seen {
		return
	}
	c.seen = changed
	loaded, err := c.load()
	if err != nil {
		c.log.Warn("keep the certificate from before", "error", err)
		return
	}
	c.take(loaded)
	c.log.Info("certificate renewed", "file", c.certFile, "expires_at", loaded.Leaf.NotAfter)
}

// Run ticks until ctx ends.
func (c *certificate) Run(ctx context.Context) error {
	tick := time.NewTicker(certificateLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			c.Tick()
		}
	}
}

// config is for TLS 1.2 and later. Records are as long as they can be from the start: a tick's bytes should leave in one.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// listener speaks TLS on the connections of l. Handshakes are the doors' first reads.
func (c *certificate) listener(l net.Listener) net.Listener {
	return &secureListener{Listener: l, config: c.config(), joined: &sync.Pool{New: func() any { return new([]byte) }}}
}

type secureListener struct {
	net.Listener
	config *tls.Config
	joined *sync.Pool // of *[]byte
}

// Accept implements net.Listener.
func (l *secureListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &secure{Conn: tls.Server(nc, l.config), joined: l.joined}, nil
}

// secure is a TLS connection.
type secure struct {
	*tls.Conn
	joined *sync.Pool
}

// WriteBuffers implements room.BuffersWriter: the buffers are joined, so that up to 16 KiB are one record and one write.
func (s *secure) WriteBuffers(bufs [][]byte) error {
	joined := s.joined.Get().(*[]byte)
	defer s.joined.Put(joined)
	b := (*joined)[:0]
	for _, buf := range bufs {
		b = append(b, buf...)
	}
	*joined = b
	_, err := s.Conn.Write(b)
	return err
}

// plainHello is told to those who speak HTTP where TLS is spoken.
const plainHello = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nthis port speaks TLS: use https:// or wss://\n"

// Read implements net.Conn.
func (s *secure) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	var header tls.RecordHeaderError
	if errors.As(err, &header) && header.Conn != nil && isHTTP(header.RecordHeader) {
		_, _ = header.Conn.Write([]byte(plainHello))
	}
	return n, err
}

// isHTTP tells whether a record's header is the beginning of a request.
func isHTTP(header [5]byte) bool {
	switch string(header[:4]) {
	case "GET ", "HEAD", "POST", "PUT ", "OPTI":
		return true
	}
	return false
}
