package model

import (
	"slices"
	"time"
)

// Fleet is the durable wish for servers of one kind.
type Fleet struct {
	Name       FleetName
	Labels     map[string]string
	Spec       FleetSpec
	Generation Generation // raised by every change of Spec
	Revision   uint64     // of the template in Spec, given by the store; see FleetRevision
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Deleted    bool // its servers are being drained, then it goes
}

// FleetSpec says what a fleet's servers are and how many to keep. After WithDefaults no field has its zero meaning, but a Price that nobody said.
type FleetSpec struct {
	Process      *ProcessSpec // the provider; exactly one is set after WithDefaults
	Static       *StaticSpec
	Capacity     Capacity
	Ready        int // servers kept Ready
	Open         int // free session slots kept on Open servers
	Min, Max     int // servers, in states Starting to Cordoned / in any state
	Drain        DrainPolicy
	DoubtAfter   time.Duration // silence after which a server is cordoned
	StartTimeout time.Duration // from start to Ready
	ScaleInAfter time.Duration // surplus and empty for this long
	Room         RoomSettings
	Scaling      Scaling
	Price        Price
	Upgrade      UpgradePolicy
	Flags        []Flag
	Region       Region
}

// ProcessSpec is the `process` provider's part of a fleet. An empty Command means the built-in room server.
type ProcessSpec struct {
	Command    []string
	Env        map[string]string
	WorkingDir string
	Ports      []Port
	MemoryMiB  int // 0: no limit
	CPUMillis  int
	OpenFiles  int
	StopGrace  time.Duration // each rung of INT → TERM → KILL
}

// Port is one port to allocate. Number 0: any free one.
type Port struct {
	Name   string
	Number int
	UDP    bool
}

// Capacity is what one server can hold.
type Capacity struct {
	Sessions        int
	SeatsPerSession int
	Seats           int
}

// DrainPolicy is what a drain does when, from its start.
type DrainPolicy struct {
	Wait     time.Duration
	Deadline time.Duration
}

// RoomSettings are those of the built-in room server.
type RoomSettings struct {
	Tick                 time.Duration
	MaxMessageBytes      int
	MaxMessagesPerSecond int
	MaxMemberQueueBytes  int
	MaxStateBytes        int
	ResumeWindow         time.Duration
	MaxMemberQueueAge    time.Duration
	MaxBytesPerSecond    int // a member may send
	MaxConnectsPerSecond int // a server takes; twice as many at once
	HelloTimeout         time.Duration
	IdleTimeout          time.Duration
	HistoryEvents        int
	HistoryBytes         int
	PositionStep         float64 // units of length that a position counts in
	Interest             Interest
}

// Interest is a room's area of interest. A Radius of 0 is none: everybody sees everybody.
type Interest struct {
	Radius     float64       // who is nearer than this is seen
	Nearest    int           // at most so many, the nearest
	Hysteresis float64       // the part of the distance by which who is seen may be further away than who is not yet
	FarRadius  float64       // up to here positions alone are told of who is not seen, every FarEvery; 0: nobody's
	FarNearest int           // at most so many
	FarEvery   time.Duration // between two tellings of the far
	Refresh    time.Duration // between two looks at who is seen
}

// Defaults of a fleet's spec, each used where the spec says 0.
const (
	DefaultSessions        = 1
	DefaultSeatsPerSession = 100
	DefaultMaxServers      = 10
	DefaultDrainDeadline   = time.Hour
	DefaultDoubtAfter      = 10 * time.Second
	DefaultStartTimeout    = time.Minute
	DefaultScaleInAfter    = time.Minute
	DefaultStopGrace       = 10 * time.Second

	DefaultTick                 = 50 * time.Millisecond
	MinTick                     = 10 * time.Millisecond
	MaxTick                     = 200 * time.Millisecond
	DefaultMaxMessageBytes      = 16 << 10
	DefaultMaxMessagesPerSecond = 100
	DefaultMaxMemberQueueBytes  = 1 << 20
	DefaultMaxStateBytes        = 1 << 20
	DefaultResumeWindow         = 10 * time.Second
	DefaultMaxMemberQueueAge    = 5 * time.Second
	DefaultMaxBytesPerSecond    = 256 << 10
	DefaultMaxConnectsPerSecond = 1000
	DefaultHelloTimeout         = 5 * time.Second
	DefaultIdleTimeout          = 45 * time.Second
	DefaultHistoryEvents        = 1024
	DefaultHistoryBytes         = 1 << 20
	DefaultPositionStep         = 0.01
	MinPositionStep             = 0.000001 // clients are told it in millionths

	DefaultNearest    = 50
	DefaultHysteresis = 0.1
	DefaultFarNearest = 100
	DefaultFarEvery   = time.Second
	DefaultRefresh    = 250 * time.Millisecond
)

// WithDefaults gives the spec with every zero field replaced by its default. It shares no memory that it changed with s.
func (s FleetSpec) WithDefaults() FleetSpec {
	def(&s.Capacity.Sessions, DefaultSessions)
	def(&s.Capacity.SeatsPerSession, DefaultSeatsPerSession)
	def(&s.Capacity.Seats, s.Capacity.Sessions*s.Capacity.SeatsPerSession)
	def(&s.Max, DefaultMaxServers)
	def(&s.Drain.Deadline, DefaultDrainDeadline)
	def(&s.DoubtAfter, DefaultDoubtAfter)
	def(&s.StartTimeout, DefaultStartTimeout)
	def(&s.ScaleInAfter, DefaultScaleInAfter)
	s.Room = s.Room.WithDefaults()
	s.Scaling = s.Scaling.WithDefaults()
	s.Price = s.Price.WithDefaults()
	s.Upgrade = s.Upgrade.WithDefaults()
	s.Flags = slices.Clone(s.Flags)
	for i := range s.Flags {
		def(&s.Flags[i].Value, DefaultFlagValue)
	}
	if s.Static != nil {
		return s.withStatic(s.Static.WithDefaults())
	}
	p := ProcessSpec{}
	if s.Process != nil {
		p = *s.Process
	}
	if len(p.Ports) == 0 {
		if len(p.Command) == 0 {
			p.Ports = []Port{{Name: "ws"}, {Name: "mqtt"}, {Name: EndpointUDP, UDP: true}}
		} else {
			p.Ports = []Port{{Name: "game"}}
		}
	}
	def(&p.StopGrace, DefaultStopGrace)
	s.Process = &p
	return s
}

// withStatic is the spec of servers that run already: all of them are used, and nothing is kept in reserve.
func (s FleetSpec) withStatic(p StaticSpec) FleetSpec {
	s.Static, s.Process = &p, nil
	s.Min, s.Max, s.Ready, s.Open = len(p.Servers), len(p.Servers), 0, 0
	return s
}

// WithDefaults gives the settings with every zero field replaced by its default.
func (r RoomSettings) WithDefaults() RoomSettings {
	def(&r.Tick, DefaultTick)
	def(&r.MaxMessageBytes, DefaultMaxMessageBytes)
	def(&r.MaxMessagesPerSecond, DefaultMaxMessagesPerSecond)
	def(&r.MaxMemberQueueBytes, DefaultMaxMemberQueueBytes)
	def(&r.MaxStateBytes, DefaultMaxStateBytes)
	def(&r.ResumeWindow, DefaultResumeWindow)
	def(&r.MaxMemberQueueAge, DefaultMaxMemberQueueAge)
	def(&r.MaxBytesPerSecond, max(DefaultMaxBytesPerSecond, r.MaxMessageBytes))
	def(&r.MaxConnectsPerSecond, DefaultMaxConnectsPerSecond)
	def(&r.HelloTimeout, DefaultHelloTimeout)
	def(&r.IdleTimeout, DefaultIdleTimeout)
	def(&r.HistoryEvents, DefaultHistoryEvents)
	def(&r.HistoryBytes, DefaultHistoryBytes)
	def(&r.PositionStep, DefaultPositionStep)
	if r.Interest.Radius > 0 {
		def(&r.Interest.Nearest, DefaultNearest)
		def(&r.Interest.Hysteresis, DefaultHysteresis)
		def(&r.Interest.FarNearest, DefaultFarNearest)
		def(&r.Interest.FarEvery, DefaultFarEvery)
		def(&r.Interest.Refresh, DefaultRefresh)
	}
	return r
}

// def sets v to d if it is zero.
func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
