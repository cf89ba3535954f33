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
	name   string
	packet bool // UDP
	tls    bool // needs the certificate
	ways   []way
}

// way is an endpoint that a port offers. Its name is a door's.
type way struct{ name, scheme, path string }

// knownPorts are all there are, in the order of their endpoints.
func knownPorts() []port {
	return []port{
		{name: "ws", ways: []way{{"ws", "ws", "/room"}, {"mqtt_ws", "ws", "/mqtt"}}},
		{name: "wss", tls: true, ways: []way{{"wss", "wss", "/room"}, {"mqtt_wss", "wss", "/mqtt"}}},
		{name: "mqtt", ways: []way{{"mqtt", "mqtt", ""}}},
		{name: "mqtts", tls: true, ways: []way{{"mqtts", "mqtts", ""}}},
		{name: "webtransport", packet: true, tls: true, ways: []way{{"webtransport", "https", "/room"}}},
	}
}

// socket is a port that is listened on: by one of the two.
type socket struct {
	listener net.Listener
	packets  net.PacketConn
}

func (s socket) addr() net.Addr {
	if s.packets != nil {
		return s.packets.LocalAddr()
	}
	return s.listener.Addr()
}

func (s socket) close() {
	if s.packets != nil {
		_ = s.packets.Close()
	} else {
		_ = s.listener.Close()
	}
}

// listen opens the ports.
func (s *Server) listen(cfg Config) error {
	for _, p := range knownPorts() {
		number, named := cfg.Link.Ports[p.name]
		opened := socket{cfg.Listeners[p.name], cfg.PacketListeners[p.name]}
		given := opened != socket{}
		if !given && !named {
			continue
		}
		if err := s.mayOpen(p, cfg); err != nil {
			return err
		}
		if !given {
			var err error
			if opened, err = p.open(net.JoinHostPort(bindHost(cfg.Link.Host), strconv.Itoa(number))); err != nil {
				return fmt.Errorf("listen for %s: %w", p.name, err)
			}
		}
		s.ports[p.name] = opened
	}
	if len(s.ports) == 0 {
		return errors.New("a room server needs a port: set GREENROOM_PORT_WS or GREENROOM_PORT_MQTT")
	}
	return nil
}

// mayOpen says what a port lacks.
func (s *Server) mayOpen(p port, cfg Config) error {
	switch {
	case p.name == "webtransport" && !cfg.WebTransport:
		return errors.New("port webtransport is an experiment: switch it on with --webtransport or GREENROOM_WEBTRANSPORT=1, or take it out of the fleet's spec")
	case p.tls && s.certificate == nil:
		return fmt.Errorf("port %s needs a certificate: name its files with --tls-cert and --tls-key, or GREENROOM_TLS_CERT and GREENROOM_TLS_KEY", p.name)
	}
	return nil
}

func (p port) open(address string) (s socket, err error) {
	if p.packet {
		s.packets, err = net.ListenPacket("udp", address)
	} else {
		s.listener, err = net.Listen("tcp", address)
	}
	return s, err
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
		opened, ok := s.ports[p.name]
		if !ok {
			continue
		}
		for _, w := range p.ways {
			at := sdk.Config{Host: link.Host, Ports: map[string]int{w.name: portOf(opened.addr())}}
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
