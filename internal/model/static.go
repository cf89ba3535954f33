package model

import "time"

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
