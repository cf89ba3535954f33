package handover

import (
	"context"
	"log/slog"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/ticket"
)

// How long each step of a move may take. A frozen session's players wait for the sum of the first two at most.
const (
	FreezeTimeout = 3 * time.Second // for the source to freeze the session and send its state
	OpenTimeout   = 3 * time.Second // for one target to take it
	CloseTimeout  = 3 * time.Second // for the source to be told where the players go
	UndoTimeout   = 5 * time.Second // for a resume and the abort in the registry
	// MaxTargets bounds the servers that are tried in one move.
	MaxTargets = 3
)

// Facts is what a move needs of the registry.
type Facts interface {
	GetServer(ctx context.Context, id model.ServerID) (model.Server, error)
	GetSession(ctx context.Context, ref model.SessionRef) (model.Session, error)
	BeginMove(ctx context.Context, ref model.SessionRef, gen model.Generation, now time.Time) (move model.Generation, err error)
	CommitMove(ctx context.Context, move registry.Move) (registry.Reservation, error)
	FinishMove(ctx context.Context, ref model.SessionRef, gen model.Generation, now time.Time) error
	SentOn(ctx context.Context, ref model.SessionRef, from model.ServerID, gen model.Generation, now time.Time) error
	AbortMove(ctx context.Context, ref model.SessionRef, gen, move model.Generation, now time.Time) error
	EndSession(ctx context.Context, ref model.SessionRef, gen, serverGen model.Generation, now time.Time) error
}

// Signer writes the tickets and connect tokens that players are sent on with; *ticket.Signer is the real one.
type Signer interface {
	Sign(c ticket.Claims) string
	Seal(c ticket.Claims) string
}

// Config is what a Mover works with; every field but Logger is required.
type Config struct {
	Registry Facts
	Links    Links
	Signer   Signer
	Now      func() time.Time
	Logger   *slog.Logger // nil: slog.Default
}

// Mover moves sessions. It keeps nothing between calls and is safe for concurrent use; two moves of one session at once
// do no harm, because every step names the generation that it holds for.
type Mover struct {
	cfg Config
	log *slog.Logger
}

// New makes a Mover.
func New(cfg Config) *Mover {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Mover{cfg: cfg, log: cfg.Logger}
}

// Origin is the server that a session leaves, and the generation it has there. The zero Origin is a server that died.
type Origin struct {
	Server     model.ServerID
	Generation model.Generation
}

// passage is a session on its way.
type passage struct {
	ref      model.SessionRef
	move     model.Generation // its number
	from     Origin
	fleets   []model.FleetName // where to, in order of preference
	state    []byte
	complete bool
}
