package static

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"greenroom.dev/greenroom/internal/model"
)

// ports are those that schemes have where a URL says none. Schemes that are not here need a port.
func portOf(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	case "mqtt":
		return "1883"
	case "mqtts":
		return "8883"
	}
	return ""
}

// split reads the host and the port of an endpoint.
func split(e model.Endpoint) (host, port string, err error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return "", "", fmt.Errorf("%q is no URL: %w", e.URL, err)
	}
	host, port = u.Hostname(), u.Port()
	if u.Scheme == "" || host == "" {
		return "", "", fmt.Errorf("%q has no scheme or no host: write it like udp://203.0.113.7:7777", e.URL)
	}
	if port == "" {
		port = portOf(u.Scheme)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("%q has no port from 1 to 65535: write it like %s://%s:7777", e.URL, u.Scheme, u.Host)
	}
	return host, port, nil
}

// byUDP tells whether an endpoint's protocol runs over UDP.
func byUDP(e model.Endpoint) bool {
	u, err := url.Parse(e.URL)
	return err == nil && (u.Scheme == "udp" || u.Scheme == "webtransport" || u.Scheme == "quic" || u.Scheme == "enet")
}

func tcpEndpoints(all []model.Endpoint) (out []model.Endpoint) {
	for _, e := range all {
		if !byUDP(e) {
			out = append(out, e)
		}
	}
	return out
}

func udpEndpoints(all []model.Endpoint) (out []model.Endpoint) {
	for _, e := range all {
		if byUDP(e) {
			out = append(out, e)
		}
	}
	return out
}

func hostPort(all []model.Endpoint) string {
	if len(all) == 0 {
		return "no address"
	}
	h, port, err := split(all[0])
	if err != nil {
		return all[0].URL
	}
	return net.JoinHostPort(h, port)
}

func host(all []model.Endpoint) string {
	if len(all) == 0 {
		return ""
	}
	h, _, _ := split(all[0])
	return h
}
