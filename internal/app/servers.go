package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
)

// keepServers does nothing until ctx ends; the keeper has stopped by then. With Config.StopServers it stops every server
// and waits until they are gone; otherwise, or when Greenroom ends because a part of it failed, they go on without it: whoever
// plays is not to suffer from a port or a disk that the next start may find mended.
func (a *App) keepServers(ctx context.Context) error {
	<-ctx.Done()
	if failed := context.Cause(ctx) != context.Canceled; failed || !a.cfg.StopServers {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime-lameDuck)
	defer cancel()
	changed := a.processes.Watch(bounded)
	said := false
	for {
		left, err := a.stopRunning(bounded)
		if err != nil || left == 0 {
			return err
		}
		if !said {
			fmt.Fprintf(a.cfg.Console, "stopping %s\n", model.Count(left, "server"))
			said = true
		}
		select {
		case <-bounded.Done():
			return fmt.Errorf("%s did not stop in time; the next start finds them again", model.Count(left, "server"))
		case <-changed:
		}
	}
}

// stopRunning asks every server that still runs to stop, and counts them.
func (a *App) stopRunning(ctx context.Context) (left int, err error) {
	instances, err := a.processes.Observe(ctx) // others run the static ones
	if err != nil {
		return 0, err
	}
	for _, i := range instances {
		if !i.Running {
			continue
		}
		left++
		if i.Stopping {
			continue
		}
		if err := a.processes.Stop(ctx, i.ID); err != nil {
			a.cfg.Logger.Warn("stop server", observe.KeyServer, i.ID, observe.KeyError, err)
		}
	}
	return left, nil
}

func runningHere(url string) Running { return Running{URL: url, PID: os.Getpid()} }

// welcomeTime bounds how long the first page of text waits for the first open server.
const welcomeTime = 15 * time.Second
