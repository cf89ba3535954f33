package api

import (
	"context"
	"log/slog"

	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/store"
)

// audit writes a line about something that was done.
func (a *API) audit(ctx context.Context, actor, action, target, detail string) {
	a.auditLines(ctx, []store.AuditEntry{a.auditLine(actor, action, target, detail)})
}

func (a *API) auditLine(actor, action, target, detail string) store.AuditEntry {
	return store.AuditEntry{At: a.cfg.Now(), Actor: actor, Action: action, Target: target, Detail: detail}
}

// auditLines writes lines about what was done in one step. That they could not be written is logged, and does not undo
// what was done.
func (a *API) auditLines(ctx context.Context, lines []store.AuditEntry) {
	err := a.cfg.Store.Audit(context.WithoutCancel(ctx), lines...)
	if err == nil {
		return
	}
	for _, line := range lines {
		a.log.LogAttrs(ctx, slog.LevelError, "audit line not written",
			slog.String(observe.KeyActor, line.Actor), slog.String(observe.KeyReason, line.Action+" "+line.Target), slog.Any(observe.KeyError, err))
	}
}
