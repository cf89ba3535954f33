package model

import (
	"strings"
	"time"
)

// StaticSpec is the `static` provider's part of a fleet: servers that run already, at fixed addresses.
type StaticSpec struct {
	Servers     []StaticServer
	Probe       Probe
	SessionIdle time.Duration // 0: nobody says so but the API
}

// StaticServer is one of them.
type StaticServer struct {
	Name      string // its node; unique in the fleet
	Endpoints []Endpoint
	Capacity  Capacity // zero fields: the fleet's
	Linked    bool     // it uses Greenroom's SDK, and is open only while its link stands
}

// StaticServerID is a static server's ID: "<fleet>.<name>", and so the same for good.
func StaticServerID(fleet FleetName, name string) ServerID {
	return ServerID(string(fleet) + "." + name)
}

// StaticName is the name that a static server's ID was made of; "" for the ID of another kind of server.
func StaticName(id ServerID) string {
	_, name, _ := strings.Cut(string(id), ".")
	return name
}

// Find answers the server of the list whose ID in a fleet is id.
func (s *StaticSpec) Find(fleet FleetName, id ServerID) (StaticServer, bool) {
	for i := range s.Servers {
		if StaticServerID(fleet, s.Servers[i].Name) == id {
			return s.Servers[i], true
		}
	}
	return StaticServer{}, false
}

// Within is the capacity with its zero fields as the fleet's are.
func (c Capacity) Within(fleet Capacity) Capacity {
	own := c != Capacity{}
	def(&c.Sessions, fleet.Sessions)
	def(&c.SeatsPerSession, fleet.SeatsPerSession)
	if own {
		def(&c.Seats, c.Sessions*c.SeatsPerSession)
	}
	def(&c.Seats, fleet.Seats)
	return c
}

// ProbeKind is how a probe looks.
type ProbeKind uint8

// Kinds of probes. ProbeDefault is TCP to the first endpoint, or the link of servers that have one.
const (
	ProbeDefault ProbeKind = iota
	ProbeTCP
	ProbeUDP
	ProbeHTTP
)

// Probe is a look at a server from outside.
type Probe struct {
	Kind      ProbeKind
	Port      int    // 0: that of the first endpoint
	Payload   []byte // UDP
	Path      string // HTTP
	Interval  time.Duration
	Timeout   time.Duration
	Threshold int
	DeadAfter time.Duration
}

// Defaults of a probe.
const (
	DefaultProbeInterval  = 2 * time.Second
	DefaultProbeTimeout   = time.Second
	DefaultProbeThreshold = 3
	DefaultProbeDeadAfter = 5 * time.Minute
)

// WithDefaults gives the spec with every zero field replaced by its default.
func (s StaticSpec) WithDefaults() StaticSpec {
	def(&s.Probe.Interval, DefaultProbeInterval)
	def(&s.Probe.Timeout, DefaultProbeTimeout)
	def(&s.Probe.Threshold, DefaultProbeThreshold)
	def(&s.Probe.DeadAfter, DefaultProbeDeadAfter)
	return s
}
