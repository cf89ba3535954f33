package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// port is one that a room server listens on where its environment has GREENROOM_PORT_<NAME>.
type port struct {
	name string
	tls  bool // needs the certificate
	ways []way
}

// way is an endpoint that a port offers. Its name is a door's.
type way struct{ name, scheme, path string }

// knownPorts are all there are, in the order of their endpoints.
func knownPorts() []port {
	return []port{
		{"ws", false, []way{{"ws", "ws", "/room"}, {"mqtt_ws", "ws", "/mqtt"}}},
		{"wss", true, []way{{"wss", "wss", "/room"}, {"mqtt_wss", "wss", "/mqtt"}}},
		{"mqtt", false, []way{{"mqtt", "mqtt", ""}}},
		{"mqtts", true, []way{{"mqtts", "mqtts", ""}}},
	}
}

// listen opens the ports.
func (s *Server) listen(cfg Config) error {
	for _, p := range knownPorts() {
		number, named := cfg.Link.Ports[p.name]
		l := cfg.Listeners[p.name]
		if l == nil && !named {
			continue
		}
		if p.tls && s.certificate == nil {
			return fmt.Errorf("port %s needs a certificate: name its files with --tls-cert and --tls-key, or GREENROOM_TLS_CERT and GREENROOM_TLS_KEY", p.name)
		}
		if l == nil {
			var err error
			if l, err = net.Listen("tcp", net.JoinHostPort(bindHost(cfg.Link.Host), strconv.Itoa(number))); err != nil {
				return fmt.Errorf("listen for %s: %w", p.name, err)
			}
		}
		s.ports[p.name] = l
	}
	if len(s.ports) == 0 {
		return errors.New("a room server needs a port: set GREENROOM_PORT_WS or GREENROOM_PORT_MQTT")
	}
	return nil
}

// bindHost is the host itself if it is a loopback address, which nobody else should reach, else every address.
func bindHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.IsLoopback() {
		return host
	}
	return ""
}

// endpoints are the ways into the server by the ports it listens on.
func (s *Server) endpoints(link sdk.Config) []*greenroomv1.Endpoint {
	var all []*greenroomv1.Endpoint
	for _, p := range knownPorts() {
		l := s.ports[p.name]
		if l == nil {
			continue
		}
		for _, w := range p.ways {
			at := sdk.Config{Host: link.Host, Ports: map[string]int{w.name: portOf(l.Addr())}}
			all = append(all, at.Endpoint(w.name, w.scheme, w.path))
		}
	}
	return all
}

func portOf(a net.Addr) int {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.Port
	case *net.UDPAddr:
		return a.Port
	}
	return 0
}
