package process

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// watch notes the end of a process, whoever's child it is.
func (p *Process) watch(in *instance) {
	p.running.Go(func() {
		if !awaitExit(p.life, in.record.PID, in.record.Birth) {
			return // the provider ended; the process goes on
		}
		p.ended(in)
	})
}

// ended takes note of a process that has ended, and takes back what it had.
func (p *Process) ended(in *instance) {
	exit := reap(in.record.PID, !in.adopted)
	removeGroup(in.record.ID)
	p.ports.free(in.record.Ports)
	p.closeSidecar(in.record.ID)
	if err := in.change(func(r *record) { r.Ended, r.Exit = true, exit }); err != nil {
		p.log.Error("the end of a server could not be recorded", "server", in.record.ID, "err", err)
	}
	close(in.exited)
	p.log.Info("server's process ended", "server", in.record.ID, "pid", in.record.PID, "exit", exit)
	p.watchers.Notify()
}

// reap lets go of a process that has ended and answers how; "" for one that is not our child, as nobody told us. What
// our own child left behind in its process group is killed: until it is reaped, its number cannot be anybody else's.
func reap(pid int, own bool) (exit string) {
	if own {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
	var status syscall.WaitStatus
	for {
		got, err := syscall.Wait4(pid, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil || got != pid:
			return ""
		case status.Signaled():
			return "signal: " + status.Signal().String()
		}
		return fmt.Sprintf("exit status %d", status.ExitStatus())
	}
}

// awaitExitPolling is awaitExit for where nothing better is.
func awaitExitPolling(ctx context.Context, pid int, birth string) bool {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for alive(pid, birth) {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
