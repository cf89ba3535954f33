package handover

import (
	"context"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
)

// End ends a session and tells its players, through the server it was on. That the server could not be told is no error:
// it learns in its next welcome that the session is not its own any more.
func (m *Mover) End(ctx context.Context, ref model.SessionRef, at Origin, reason string) error {
	if err := m.cfg.Registry.EndSession(ctx, ref, at.Generation, m.cfg.Now()); err != nil {
		return fmt.Errorf("end %s: %w", ref, err)
	}
	if at.Server == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, CloseTimeout)
	defer cancel()
	if err := m.cfg.Links.Close(ctx, at.Server, ref, at.Generation, reason, nil); err != nil {
		m.log.Warn("session ended, but its server could not be told", "session", ref.String(), "server", at.Server, "error", err)
	}
	return nil
}
