package room

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"greenroom.dev/greenroom/internal/model"
	core "greenroom.dev/greenroom/internal/room"
	roomserver "greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/sdk/go/server"
)

// Options say what a room server plays.
type Options struct {
	// New makes the game of a session's room. Calls for different sessions may overlap.
	New     func(s Session) Logic
	Version string       // of the game, shown by Greenroom
	Logger  *slog.Logger // nil: slog.Default
}

// ErrNoGame: Options.New is nil.
var ErrNoGame = errors.New("room options: New is nil")

// Run serves rooms with the game until ctx ends, as a server of a Greenroom fleet: it finds what it needs in the environment,
// as the built-in room server does (greenroom room --help names it), and has all its doors. Errors name what is missing or
// wrong there, or a port that cannot be had.
func Run(ctx context.Context, o Options) error {
	if o.New == nil {
		return ErrNoGame
	}
	link, err := server.FromEnv()
	if err != nil {
		return err
	}
	link.Version = o.Version
	cfg := roomserver.Config{Link: link, Logger: o.Logger, Logic: o.logic}
	if err := doors(os.Getenv, &cfg); err != nil {
		return err
	}
	return roomserver.Run(ctx, cfg)
}

// doors reads what the doors need of this machine, by the names that `greenroom room` knows it by.
func doors(getenv func(string) string, cfg *roomserver.Config) (err error) {
	cfg.TLSCert, cfg.TLSKey = getenv("GREENROOM_TLS_CERT"), getenv("GREENROOM_TLS_KEY")
	if v := getenv("GREENROOM_WEBTRANSPORT"); v != "" {
		if cfg.WebTransport, err = strconv.ParseBool(v); err != nil {
			return fmt.Errorf("GREENROOM_WEBTRANSPORT: %q is neither true nor false", v)
		}
	}
	if v := getenv("GREENROOM_HALF_OPEN_PER_ADDRESS"); v != "" {
		if cfg.HalfOpenPerAddress, err = strconv.Atoi(v); err != nil {
			return fmt.Errorf("GREENROOM_HALF_OPEN_PER_ADDRESS: %q is no number", v)
		}
	}
	return nil
}

// logic makes a session's game with a random source of its own.
func (o Options) logic(session model.SessionRef) core.Logic {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails
	return newGame(&o, session, seed)
}
