package model

import "time"

// Scaling says how many servers and free sessions a fleet wants beside its buffers. Of all answers the largest counts.
type Scaling struct {
	Policies           []Policy // after WithDefaults at least one
	MaxStartsPerMinute int      // 0: no limit
	MaxStopsPerMinute  int      // 0: no limit
	Stabilization      time.Duration
	ScaleInWindows     []Window // none: at any time
	Budgets            []Budget
	Consolidation      *Consolidation // nil: sessions are never moved to make servers empty
}

// Consolidation merges sessions onto fewer servers.
type Consolidation struct {
	Below             float64       // only while sessions ÷ slots of the open servers is less
	After             time.Duration // a server must have been dispensable for so long
	MaxMovesPerMinute int
	MinStay           time.Duration // a session that moved or began less than this ago stays
	Windows           []Window      // none: at any time
}

// Defaults of consolidation.
const (
	DefaultConsolidateBelow = 0.7
	DefaultConsolidateAfter = 2 * time.Minute
	DefaultMovesPerMinute   = 60
	DefaultMinStay          = 5 * time.Minute
)

// WithDefaults gives the consolidation with every zero field replaced by its default.
func (c Consolidation) WithDefaults() Consolidation {
	def(&c.Below, DefaultConsolidateBelow)
	def(&c.After, DefaultConsolidateAfter)
	def(&c.MaxMovesPerMinute, DefaultMovesPerMinute)
	def(&c.MinStay, DefaultMinStay)
	return c
}

// Window is a time that comes again: it begins when Cron (five fields) says in TimeZone (IANA, "": UTC).
type Window struct {
	Cron     string
	Duration time.Duration
	TimeZone string
}

// Reasons for taking servers away, as budgets name them.
const (
	ReasonEmpty         = "empty"
	ReasonConsolidation = "consolidation"
	ReasonUpgrade       = "upgrade"
)

// Budget bounds how many servers may be on their way out at once.
type Budget struct {
	Servers string   // "3", or a share of the fleet's: "10%"
	Reasons []string // none: every reason
	Window  *Window  // nil: always
}

// Policy is one way to say how much is wanted; exactly one of the pointers is set.
type Policy struct {
	Name           string // after WithDefaults not empty
	Buffer         *BufferPolicy
	Occupancy      *OccupancyPolicy
	ActiveSessions *ActiveSessionsPolicy
	Load           *LoadPolicy
	Schedule       *SchedulePolicy
	External       *ExternalPolicy
	Trend          *TrendPolicy
	Forecast       *ForecastPolicy
}

// BufferPolicy keeps so much free.
type BufferPolicy struct {
	FreeSessions int
	FreePercent  float64 // of all session slots on open servers, below 100
	ReadyServers int
}

// OccupancyPolicy keeps players ÷ seats at or below Target, 0 < Target ≤ 1.
type OccupancyPolicy struct{ Target float64 }

// ActiveSessionsPolicy keeps sessions with players ÷ session slots at or below Target, 0 < Target ≤ 1.
type ActiveSessionsPolicy struct{ Target float64 }

// LoadPolicy keeps the mean load of open servers at or below its targets; 0: not looked at.
type LoadPolicy struct {
	CPUTarget     float64 // share of the cores a server may use
	NetworkTarget float64 // bytes per second, both ways together
}

// SchedulePolicy wants so much within its window, and Lead before it (0: the time servers take to be ready).
type SchedulePolicy struct {
	Window       Window
	Servers      int
	FreeSessions int
	ReadyServers int
	Lead         time.Duration
}

// ExternalPolicy wants ceil(the signal's value ÷ Target) servers.
type ExternalPolicy struct {
	Signal string
	Target float64
	MaxAge time.Duration // older is stale
}

// TrendPolicy keeps room for the sessions that will begin before a server started now is ready.
type TrendPolicy struct {
	HeadroomPercent float64       // of the sessions there are; negative: none
	Horizon         time.Duration // 0: what the fleet's servers were seen to take, with a margin
}

// ForecastPolicy keeps room for what the same time of earlier weeks saw.
type ForecastPolicy struct {
	HeadroomPercent float64 // on top; negative: none
	Weeks           int
}

// Price is what one server costs.
type Price struct {
	PerServerHour float64 // 0: not known
	Currency      string  // ISO 4217
	InstanceType  string
	Spot          bool
	Architecture  string
}

// Defaults of scaling, each used where the spec says 0.
const (
	DefaultTrendHeadroomPercent    = 6
	DefaultForecastHeadroomPercent = 10
	DefaultForecastWeeks           = 4
	DefaultSignalMaxAge            = 2 * time.Minute
	DefaultCurrency                = "USD"
)

// Kind is the policy's kind in words; "" when none is set.
func (p *Policy) Kind() string {
	switch {
	case p.Buffer != nil:
		return "buffer"
	case p.Occupancy != nil:
		return "occupancy"
	case p.ActiveSessions != nil:
		return "active sessions"
	case p.Load != nil:
		return "load"
	case p.Schedule != nil:
		return "schedule"
	case p.External != nil:
		return "external"
	case p.Trend != nil:
		return "trend"
	case p.Forecast != nil:
		return "forecast"
	}
	return ""
}

// WithDefaults gives the scaling with zero fields replaced. It shares no memory that it changed with s.
func (s Scaling) WithDefaults() Scaling {
	policies := make([]Policy, 0, max(1, len(s.Policies)))
	for _, p := range s.Policies {
		policies = append(policies, p.withDefaults())
	}
	if len(policies) == 0 {
		policies = append(policies, Policy{Trend: &TrendPolicy{}}.withDefaults())
	}
	s.Policies = policies
	if s.Consolidation != nil {
		c := s.Consolidation.WithDefaults()
		s.Consolidation = &c
	}
	return s
}

func (p Policy) withDefaults() Policy {
	def(&p.Name, p.Kind())
	if p.External != nil {
		e := *p.External
		def(&e.MaxAge, DefaultSignalMaxAge)
		p.External = &e
	}
	if p.Trend != nil {
		t := *p.Trend
		def(&t.HeadroomPercent, DefaultTrendHeadroomPercent)
		p.Trend = &t
	}
	if p.Forecast != nil {
		f := *p.Forecast
		def(&f.HeadroomPercent, DefaultForecastHeadroomPercent)
		def(&f.Weeks, DefaultForecastWeeks)
		p.Forecast = &f
	}
	return p
}

// WithDefaults gives the price with zero fields replaced; that of nothing stays zero.
func (p Price) WithDefaults() Price {
	if p != (Price{}) {
		def(&p.Currency, DefaultCurrency)
	}
	return p
}
