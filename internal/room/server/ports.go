package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/room/udp"
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
		{name: "udp", packet: true, ways: []way{{"udp", "udp", ""}}},
		{name: "webtransport", packet: true, tls: true, ways: []way{{"webtransport", "https", "/room"}}},
	}
}

// socket is a port that is listened on: by a listener, or by the UDP sockets that share its address.
type socket struct {
	listener net.Listener
	packets  []*net.UDPConn
}

func (s socket) addr() net.Addr {
	if s.listener != nil {
		return s.listener.Addr()
	}
	return s.packets[0].LocalAddr()
}

func (s socket) close() {
	if s.listener != nil {
		_ = s.listener.Close()
	}
	for _, c := range s.packets {
		_ = c.Close()
	}
}

// listen opens the ports.
func (s *Server) listen(cfg Config) error {
	for _, p := range knownPorts() {
		number, named := cfg.Link.Ports[p.name]
		opened := socket{cfg.Listeners[p.name], cfg.PacketListeners[p.name]}
		given := opened.listener != nil || opened.packets != nil
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
		return errors.New("a room server needs a port: set GREENROOM_PORT_WS, GREENROOM_PORT_MQTT or GREENROOM_PORT_UDP")
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
	switch {
	case !p.packet:
		s.listener, err = net.Listen("tcp", address)
	case p.name == udp.Endpoint:
		s.packets, err = udp.Listen(context.Background(), address)
	default:
		var pc net.PacketConn
		if pc, err = net.ListenPacket("udp", address); err == nil {
			s.packets = []*net.UDPConn{pc.(*net.UDPConn)}
		}
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
