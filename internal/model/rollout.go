package model

import "time"

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

// RolloutState is how far it is: durable, and changed only together with the route's weights.
type RolloutState struct {
	Phase           RolloutPhase
	Step            int
	Weight          PPM // of To, as in RolloutStep
	StepSince       time.Time
	From            FleetName
	Before          []FleetWeight // the route's weights when it began
	RouteGeneration Generation    // of the route as it last wrote it; another one: somebody else did
	Serial          uint64        // raised by every change of the state
	Moves           []RolloutMove // oldest first, at most MaxRolloutMoves
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
)

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
