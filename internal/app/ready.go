package app

import (
	"context"
	"errors"
)

var errRecovering = errors.New("servers from before the restart are being found again")

// ready tells whether joins are served. A failure of a shared registry must never end up here: it would take every
// control plane out at once.
func (a *App) ready(context.Context) error {
	if a.keeper.Recovering() {
		return errRecovering
	}
	return nil
}
