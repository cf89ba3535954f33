package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// adminToken reads the secret that commands on this machine use.
func (a *App) adminToken() (string, error) {
	text, err := os.ReadFile(a.dir.file(TokenFile))
	if err != nil {
		return "", fmt.Errorf("read the API token: %w", err)
	}
	return string(bytes.TrimSpace(text)), nil
}

// welcome tells a person where to click, and when the first servers are open.
func (a *App) welcome(ctx context.Context) error {
	code, expires := a.api.NewLogin(store.ScopeAdmin)
	out := a.cfg.Console
	version, _ := Version()
	fmt.Fprintf(out, "Greenroom %s\n\n", version)
	fmt.Fprintf(out, "  console  %s/login#code=%s\n", a.URL(), code)
	fmt.Fprintf(out, "           (one login, until %s; `greenroom token login` prints another)\n", expires.Local().Format("15:04"))
	fmt.Fprintf(out, "  api      %s   gRPC, gRPC-Web and JSON; token in %s\n", a.URL(), a.dir.file(TokenFile))
	fmt.Fprintf(out, "  metrics  %s/metrics\n", a.URL())
	fmt.Fprintf(out, "  data     %s\n\n", a.dir.path)
	a.sayOpen(ctx)
	if a.cfg.Demo {
		fmt.Fprintf(out, "try: greenroom get servers · greenroom join %s --key room-7 -o mqtt · greenroom bots --route %s --players 50\n", demoRoute, demoRoute)
	}
	fmt.Fprintln(out, "Ctrl-C stops it.")
	<-ctx.Done()
	if a.cfg.StopServers {
		fmt.Fprintln(out, "\nstopping; Ctrl-C again leaves at once, and the servers running")
	}
	return nil
}

// sayOpen waits a while for the first open server and says how many there are.
func (a *App) sayOpen(ctx context.Context) {
	if len(a.specs.Specs().Fleets) == 0 {
		fmt.Fprintln(a.cfg.Console, "no fleet yet: greenroom apply -f FILE makes one; greenroom up --demo brings one along")
		return
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, welcomeTime)
	defer cancel()
	for changed := a.registry.Watch(ctx); ; {
		open := 0
		servers, err := a.registry.ListServers(ctx, "")
		for _, s := range servers {
			if s.State == model.ServerOpen {
				open++
			}
		}
		if err == nil && open > 0 {
			fmt.Fprintf(a.cfg.Console, "%s open after %s\n", model.Count(open, "server"), time.Since(start).Round(time.Millisecond))
			return
		}
		if _, more := <-changed; !more {
			return
		}
	}
}
