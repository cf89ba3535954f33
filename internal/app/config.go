// Package app wires Greenroom together: it alone names the adapters (which store, registry, provider), starts everything
// in order and stops it in reverse. Several Apps run side by side in one process.
package app

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/room/server"
)

// Config is all that can be set from outside.
type Config struct {
	// DataDir is the folder of everything that must last; made with mode 0700 if it is not there.
	DataDir string
	// Listen is the address of API, console and metrics; port 0 takes any free one.
	Listen string
	// Advertise is the host by which players reach servers on this machine. "": Listen's host, or 127.0.0.1.
	Advertise string
	// ServerPorts bounds the ports of servers, both ends included.
	ServerPorts PortRange
	// Nodes are this machine's names: several pretend several machines. None: the host's.
	Nodes []string
	// TLSCert and TLSKey are the PEM files of room servers' ports wss, mqtts and webtransport. "": such ports do not open.
	TLSCert, TLSKey string
	// WebTransport lets room servers listen on a port webtransport, an experiment.
	WebTransport bool
	// Binary is the program that `greenroom room` is run from. "": this one.
	Binary string
	// Demo applies a demo route and fleet and sends Bots simulated players to it.
	Demo bool
	Bots int
	// StopServers stops this Greenroom's servers when Run ends; else they go on without it, to be found again.
	StopServers bool
	// Console is where Run says, to a person, where to click; nil says nothing.
	Console io.Writer
	Logger  *slog.Logger // nil: nothing is logged
	Tags    observe.Tags // on every metric
}

// PortRange is a range of ports, both ends included.
type PortRange struct{ First, Last int }

// defaultServerPorts are the ports of servers unless set.
var defaultServerPorts = PortRange{First: 7400, Last: 7999}

// UnmarshalText reads "7400-7999".
func (p *PortRange) UnmarshalText(text []byte) error {
	first, last, found := strings.Cut(string(text), "-")
	if !found {
		last = first
	}
	var err1, err2 error
	p.First, err1 = strconv.Atoi(first)
	p.Last, err2 = strconv.Atoi(last)
	if err1 != nil || err2 != nil || !p.valid() {
		return fmt.Errorf("%q is no range of ports: write FIRST-LAST between 1 and 65535, such as 7400-7999", text)
	}
	return nil
}

func (p PortRange) valid() bool { return 1 <= p.First && p.First <= p.Last && p.Last <= 65535 }

// String gives "7400-7999".
func (p PortRange) String() string { return fmt.Sprintf("%d-%d", p.First, p.Last) }

// stopTime is how long an ordered stop may take before it is cut short.
const stopTime = 20 * time.Second

// withDefaults fills what was left out.
func (c Config) withDefaults() (Config, error) {
	if c.DataDir == "" {
		return c, fmt.Errorf("data folder: none given")
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:7350"
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return c, fmt.Errorf("listen address %q: write HOST:PORT, such as 127.0.0.1:7350 or :7350", c.Listen)
	}
	if c.Advertise == "" {
		c.Advertise = host
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			c.Advertise = "127.0.0.1"
		}
	}
	if c.ServerPorts == (PortRange{}) {
		c.ServerPorts = defaultServerPorts
	}
	if !c.ServerPorts.valid() {
		return c, fmt.Errorf("server ports %s: give a range between 1 and 65535, such as %s", c.ServerPorts, defaultServerPorts)
	}
	if err := server.CheckCertificate(c.TLSCert, c.TLSKey); err != nil {
		return c, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Console == nil {
		c.Console = io.Discard
	}
	return c, nil
}
