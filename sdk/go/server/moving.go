package server

import (
	"net/http"
	"net/url"
	"os"
	"strings"
)

// movingHost sends requests where a file says that the control plane is now: a server outlives the control plane that
// started it, and the next one may listen on another port. While the file cannot be read or holds no address, requests go
// where they were meant to.
type movingHost struct {
	next http.RoundTripper
	file string
}

// RoundTrip implements http.RoundTripper.
func (m movingHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if at := m.address(); at != nil {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = at.Scheme, at.Host, at.Host
	}
	return m.next.RoundTrip(r)
}

func (m movingHost) address() *url.URL {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return nil
	}
	at, err := url.Parse(strings.TrimSpace(string(text)))
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil
	}
	return at
}
