package model

import (
	"slices"
	"time"
)

// RolloutName names a rollout; same form as FleetName.
type RolloutName string

// Rollout moves a route's new sessions to one of its fleets in steps.
type Rollout struct {
	Name       RolloutName
	Labels     map[string]string
	Spec       RolloutSpec
	State      RolloutState
	Generation Generation // raised by every change of Spec
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// RolloutSpec is what somebody wishes.
type RolloutSpec struct {
	Route     RouteName
	To        FleetName
	From      FleetName // "": the one with the largest weight at the start
	Steps     []RolloutStep
	Gates     []Gate
	Pause     bool // on failure, rather than roll back
	DrainBack bool // a rollback drains the fleet's servers
	Patience  time.Duration
}

// RolloutStep is a share of what From and To have together, and how long it is held at least.
type RolloutStep struct {
	Weight PPM
	Hold   time.Duration
}

// RolloutPhase is how a rollout stands. The words are those of greenroom.v1.RolloutStatus.
type RolloutPhase string

// Phases.
const (
	RolloutRunning    RolloutPhase = "running"
	RolloutPaused     RolloutPhase = "paused"
	RolloutRolledBack RolloutPhase = "rolled back"
	RolloutDone       RolloutPhase = "done"
	RolloutReplaced   RolloutPhase = "replaced"
)

// Active tells whether the rollout is under way, so that its route can have no other.
func (p RolloutPhase) Active() bool { return p == RolloutRunning || p == RolloutPaused }

// RolloutState is how far it is: durable, and changed only together with the route's weights.
type RolloutState struct {
	Phase           RolloutPhase
	Step            int
	Weight          PPM // of To, as in RolloutStep; 0: it has not moved anything yet
	BeganAt         time.Time
	StepSince       time.Time
	From            FleetName
	Before          []FleetWeight // the route's weights when it began
	Weights         []FleetWeight // the route's weights as it last wrote or accepted them
	RouteGeneration Generation    // of the route then; another one: somebody else changed it
	Drains          bool          // it was rolled back, and servers of To are still to be told to drain
	Serial          uint64        // raised by every change of the state
	Moves           []RolloutMove // oldest first, at most MaxRolloutMoves
}

// LastMove is the newest of the state's moves; the zero one when there is none.
func (s *RolloutState) LastMove() RolloutMove {
	if len(s.Moves) == 0 {
		return RolloutMove{}
	}
	return s.Moves[len(s.Moves)-1]
}

// RolloutMove is one step of the way.
type RolloutMove struct {
	At     time.Time
	Weight PPM
	What   string
	Reason string
	Actor  string
}

// Gate is a condition of going on; exactly one of the pointers is set.
type Gate struct {
	Name          string // after WithDefaults not empty
	ConnectErrors *RatioGate
	JoinLatency   *LatencyGate
	Reconnects    *RatioGate
	Crashes       *CrashGate
	Prometheus    *PrometheusGate
	Window        time.Duration // 0: the whole step
	MinSamples    int
}

// RatioGate bounds a share, by itself (0: not) and by how much more it is than on the other fleet.
type RatioGate struct{ Max, MaxMore float64 }

// LatencyGate bounds a quantile of the time from a join to its answer.
type LatencyGate struct {
	Quantile float64
	Max      time.Duration // 0: no bound of its own
	MaxRatio float64       // times that of the other fleet
}

// CrashGate bounds the servers that ended unexpectedly.
type CrashGate struct{ Max int }

// PrometheusGate bounds the answer to a query.
type PrometheusGate struct {
	URL, Query string
	Max, Min   *float64
	MaxRatio   float64 // 0: no matter
}

// Defaults and bounds of rollouts.
const (
	DefaultStepHold     = 10 * time.Minute
	DefaultGateSamples  = 20
	DefaultMaxMore      = 0.01
	DefaultQuantile     = 0.99
	DefaultLatencyRatio = 2
	// LatencyFloor is below what latency no gate fails by a ratio.
	LatencyFloor = 5 * time.Millisecond
	// MaxRolloutMoves bounds the moves that are kept.
	MaxRolloutMoves = 100
	// MaxRouteFleets bounds the fleets of a route.
	MaxRouteFleets = 32
)

// WithDefaults gives the spec with every zero field replaced by its default. It shares no memory that it changed with s.
func (s RolloutSpec) WithDefaults() RolloutSpec {
	s.Steps = slices.Clone(s.Steps)
	if len(s.Steps) == 0 {
		s.Steps = DefaultSteps()
	}
	for i := range s.Steps {
		def(&s.Steps[i].Hold, DefaultStepHold)
	}
	gates := s.Gates
	if len(gates) == 0 {
		gates = DefaultGates()
	}
	s.Gates = make([]Gate, len(gates))
	for i, g := range gates {
		s.Gates[i] = g.withDefaults()
	}
	return s
}

// StepAt is the index of the last step whose weight is at most w; 0 if there is none.
func (s *RolloutSpec) StepAt(w PPM) int {
	at := 0
	for i := range s.Steps {
		if s.Steps[i].Weight <= w {
			at = i
		}
	}
	return at
}

// NextWeight is the weight of the first step above w. It answers false after the last.
func (s *RolloutSpec) NextWeight(w PPM) (PPM, bool) {
	for i := range s.Steps {
		if s.Steps[i].Weight > w {
			return s.Steps[i].Weight, true
		}
	}
	return 0, false
}

func (g Gate) withDefaults() Gate {
	def(&g.Name, g.Kind())
	ratio := func(r *RatioGate) *RatioGate {
		if r == nil {
			return nil
		}
		out := *r
		def(&out.MaxMore, DefaultMaxMore)
		return &out
	}
	g.ConnectErrors, g.Reconnects = ratio(g.ConnectErrors), ratio(g.Reconnects)
	if g.JoinLatency != nil {
		l := *g.JoinLatency
		def(&l.Quantile, DefaultQuantile)
		def(&l.MaxRatio, DefaultLatencyRatio)
		g.JoinLatency = &l
	}
	if g.Crashes != nil || g.Prometheus != nil {
		def(&g.MinSamples, 1)
	}
	def(&g.MinSamples, DefaultGateSamples)
	return g
}

// Kind is the gate's kind, as a name; "" when none is set.
func (g *Gate) Kind() string {
	switch {
	case g.ConnectErrors != nil:
		return "connect-errors"
	case g.JoinLatency != nil:
		return "join-latency"
	case g.Reconnects != nil:
		return "reconnects"
	case g.Crashes != nil:
		return "crashes"
	case g.Prometheus != nil:
		return "prometheus"
	}
	return ""
}

// DefaultSteps are those of a rollout that names none: 0.01 % to all, held for DefaultStepHold each.
func DefaultSteps() []RolloutStep {
	var out []RolloutStep
	for _, w := range []PPM{100, 1_000, 10_000, 100_000, 500_000, Whole} {
		out = append(out, RolloutStep{w, DefaultStepHold})
	}
	return out
}

// DefaultGates are those of a rollout that names none.
func DefaultGates() []Gate {
	return []Gate{
		{ConnectErrors: &RatioGate{}}, {JoinLatency: &LatencyGate{}}, {Reconnects: &RatioGate{}}, {Crashes: &CrashGate{}},
	}
}
