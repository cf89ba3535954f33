package model

import "time"

// UpgradePolicy is how servers of an older template are replaced.
type UpgradePolicy struct {
	Surge       string // servers beyond what is wanted: "2", or a share of the fleet's, rounded up: "25%"
	MaxDraining string // likewise
	Paused      bool
	Drain       *DrainPolicy // nil: the fleet's
	MaxFailures int          // starts of the new template that fail in a row, until it stops by itself
	MaxCrashes  int          // unexpected ends among the new ones within CrashWindow, likewise
}

// Defaults and bounds of upgrades.
const (
	DefaultSurge       = "25%"
	DefaultMaxDraining = "25%"
	DefaultMaxFailures = 3
	DefaultMaxCrashes  = 3
	// CrashWindow is how long a crash counts against a template.
	CrashWindow = 10 * time.Minute
	// KeepRevisions bounds the templates that are kept: those that were used last.
	KeepRevisions = 20
)

// WithDefaults gives the policy with every zero field replaced by its default.
func (u UpgradePolicy) WithDefaults() UpgradePolicy {
	def(&u.Surge, DefaultSurge)
	def(&u.MaxDraining, DefaultMaxDraining)
	def(&u.MaxFailures, DefaultMaxFailures)
	def(&u.MaxCrashes, DefaultMaxCrashes)
	return u
}

// FleetRevision is a template that a fleet has or had.
type FleetRevision struct {
	Fleet     FleetName
	Number    uint64 // from 1; the same template again has the number it had
	Spec      FleetSpec
	CreatedAt time.Time
	UsedAt    time.Time // it last became the fleet's
	ProvedAt  time.Time // a server of it was first ready; zero: none was
	Stopped   string    // why the upgrade to it ended by itself; "": it did not
}

// Template is the part of a spec that servers are started from, so that another one means other servers; the rest is zero.
func (s FleetSpec) Template() FleetSpec {
	return FleetSpec{Process: s.Process, Static: s.Static, Capacity: s.Capacity, Room: s.Room}
}

// WithTemplate is the spec with the template of another.
func (s FleetSpec) WithTemplate(t FleetSpec) FleetSpec {
	s.Process, s.Static, s.Capacity, s.Room = t.Process, t.Static, t.Capacity, t.Room
	return s
}

// TemplateNumber is that of the template that the server was started from. One of which that is not known was started before
// templates had numbers, and so is of a fleet's first: it is replaced by whatever comes after, and by nothing before that.
func (s *Server) TemplateNumber() uint64 { return max(1, s.FleetRevision) }
