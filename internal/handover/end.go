package handover

import (
	"context"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
)

// Dismiss ends a session whose server goes away before the session could be moved, and sends its players to join again:
// they are away for as long as that takes, and are not told that it is over. Like End it does so only while the server is at
// the generation at which that was decided: registry.ErrStale once it is not to go any more.
func (m *Mover) Dismiss(ctx context.Context, ref model.SessionRef, at Origin, serverGen model.Generation, reason string) error {
	return m.end(ctx, ref, at, serverGen, reason, &Redirect{})
}

// End ends a session and tells its players, through the server it was on. That the server could not be told is no error:
// it learns in its next welcome that the session is not its own any more.
func (m *Mover) End(ctx context.Context, ref model.SessionRef, at Origin, serverGen model.Generation, reason string) error {
	return m.end(ctx, ref, at, serverGen, reason, nil)
}

func (m *Mover) end(ctx context.Context, ref model.SessionRef, at Origin, serverGen model.Generation, reason string, to *Redirect) error {
	if err := m.cfg.Registry.EndSession(ctx, ref, at.Generation, serverGen, m.cfg.Now()); err != nil {
		return fmt.Errorf("end %s: %w", ref, err)
	}
	if at.Server == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, CloseTimeout)
	defer cancel()
	if err := m.cfg.Links.Close(ctx, at.Server, ref, at.Generation, reason, to); err != nil {
		m.log.Warn("session ended, but its server could not be told", "session", ref.String(), "server", at.Server, "error", err)
		return nil
	}
	if err := m.sentOn(ctx, ref, at); err != nil {
		m.log.Warn("session ended, and its server greets again because it is not known that it was told", "error", err)
	}
	return nil
}
