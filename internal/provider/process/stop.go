package process

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// ladderSignals are the rungs of a stop; each is waited for as long as the fleet's StopGrace says.
var ladderSignals = [...]syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}

// Stop implements provider.Provider. A stop that a control plane did not live to finish is begun anew by the next.
func (p *Process) Stop(_ context.Context, id model.ServerID) error {
	in, err := p.find(id)
	if err != nil {
		return nil // gone already
	}
	if p.life.Err() != nil {
		return errEnded
	}
	begun := false
	err = in.change(func(r *record) {
		begun = !r.Stopping && !r.Ended
		r.Stopping = true
	})
	if begun {
		p.running.Go(func() { p.ladder(in) })
	}
	if err != nil {
		return fmt.Errorf("stop server %s: record: %w", id, err)
	}
	return nil
}

// ladder ends a process: INT, then TERM, then KILL, to its whole process group.
func (p *Process) ladder(in *instance) {
	for _, signal := range ladderSignals {
		if !alive(in.record.PID, in.record.Birth) {
			return
		}
		p.log.Info("server is told to stop", "server", in.record.ID, "signal", signal.String())
		if err := syscall.Kill(-in.record.PID, signal); err != nil {
			p.log.Warn("server could not be signalled", "server", in.record.ID, "signal", signal.String(), "err", err)
		}
		select {
		case <-in.exited:
			return
		case <-p.life.Done():
			return
		case <-time.After(in.record.StopGrace):
		}
	}
}
