package model

import "time"

// Fleet is the durable wish for servers of one kind.
type Fleet struct {
	Name       FleetName
	Labels     map[string]string
	Spec       FleetSpec
	Generation Generation // raised by every change of Spec
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Deleted    bool // its servers are being drained, then it goes
}

// FleetSpec says what a fleet's servers are and how many to keep. After WithDefaults no field has its zero meaning.
type FleetSpec struct {
	Process      *ProcessSpec // the provider; exactly one is set after WithDefaults
	Capacity     Capacity
	Ready        int // servers kept Ready
	Open         int // free session slots kept on Open servers
	Min, Max     int // servers, in states Starting to Cordoned / in any state
	Drain        DrainPolicy
	DoubtAfter   time.Duration // silence after which a server is cordoned
	StartTimeout time.Duration // from start to Ready
	ScaleInAfter time.Duration // surplus and empty for this long
	Room         RoomSettings
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
)

// WithDefaults gives the spec with every zero field replaced by its default. It shares no memory that it changed with s.
func (s FleetSpec) WithDefaults() FleetSpec {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	defd := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&s.Capacity.Sessions, DefaultSessions)
	def(&s.Capacity.SeatsPerSession, DefaultSeatsPerSession)
	def(&s.Capacity.Seats, s.Capacity.Sessions*s.Capacity.SeatsPerSession)
	def(&s.Max, DefaultMaxServers)
	defd(&s.Drain.Deadline, DefaultDrainDeadline)
	defd(&s.DoubtAfter, DefaultDoubtAfter)
	defd(&s.StartTimeout, DefaultStartTimeout)
	defd(&s.ScaleInAfter, DefaultScaleInAfter)
	s.Room = s.Room.WithDefaults()
	p := ProcessSpec{}
	if s.Process != nil {
		p = *s.Process
	}
	if len(p.Ports) == 0 {
		if len(p.Command) == 0 {
			p.Ports = []Port{{Name: "ws"}, {Name: "mqtt"}}
		} else {
			p.Ports = []Port{{Name: "game"}}
		}
	}
	defd(&p.StopGrace, DefaultStopGrace)
	s.Process = &p
	return s
}

// WithDefaults gives the settings with every zero field replaced by its default.
func (r RoomSettings) WithDefaults() RoomSettings {
	if r.Tick == 0 {
		r.Tick = DefaultTick
	}
	if r.MaxMessageBytes == 0 {
		r.MaxMessageBytes = DefaultMaxMessageBytes
	}
	if r.MaxMessagesPerSecond == 0 {
		r.MaxMessagesPerSecond = DefaultMaxMessagesPerSecond
	}
	if r.MaxMemberQueueBytes == 0 {
		r.MaxMemberQueueBytes = DefaultMaxMemberQueueBytes
	}
	if r.MaxStateBytes == 0 {
		r.MaxStateBytes = DefaultMaxStateBytes
	}
	if r.ResumeWindow == 0 {
		r.ResumeWindow = DefaultResumeWindow
	}
	return r
}
