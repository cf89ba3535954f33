package api

import (
	"context"
	"log/slog"

	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/store"
)

// audit writes a line about something that was done. That the line could not be written is logged, and does not undo
// what was done.
func (a *API) audit(ctx context.Context, actor, action, target, detail string) {
	entry := store.AuditEntry{At: a.cfg.Now(), Actor: actor, Action: action, Target: target, Detail: detail}
	if err := a.cfg.Store.Audit(context.WithoutCancel(ctx), entry); err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "audit line not written",
			slog.String(observe.KeyActor, actor), slog.String(observe.KeyReason, action+" "+target), slog.Any(observe.KeyError, err))
	}
}
