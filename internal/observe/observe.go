// Package observe owns what an operator sees of a running Greenroom: its log, its metrics (by fleet, never by session or
// player) and the answers to probes. Nothing here is global: every Greenroom in a process has its own.
package observe

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// Tags are put on every line of the log and on the build's metric. Empty ones are left out.
type Tags struct {
	Env, Service, Version, Team string
}

// Log forms.
const (
	FormatAuto = "" // text on a terminal, JSON elsewhere
	FormatText = "text"
	FormatJSON = "json"
)

// NewLogger makes a logger that writes to w in a form, from a level up, with the tags on every line. On a terminal the
// tags are left out: the person in front of it knows them.
func NewLogger(w io.Writer, format string, level slog.Leveler, tags Tags) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	terminal := isTerminal(w)
	if format == FormatText || format == FormatAuto && terminal {
		log := slog.New(slog.NewTextHandler(w, options))
		if terminal {
			return log
		}
		return log.With(tags.attributes()...)
	}
	return slog.New(slog.NewJSONHandler(w, options)).With(tags.attributes()...)
}

func (t Tags) attributes() []any {
	var out []any
	for _, a := range []slog.Attr{
		slog.String(KeyEnv, t.Env), slog.String(KeyService, t.Service),
		slog.String(KeyVersion, t.Version), slog.String(KeyTeam, t.Team),
	} {
		if a.Value.String() != "" {
			out = append(out, a)
		}
	}
	return out
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
