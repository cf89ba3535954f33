package keeper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

// NoNodeRetry is how long nothing is started for a fleet after its provider had no machine for it, unless another machine
// goes away or stays.
const NoNodeRetry = 30 * time.Second

// Leaving answers the notices that machines go away, by node: operators' and providers'. Where a node has both, the earlier
// deadline counts.
func (k *Keeper) Leaving(ctx context.Context) (map[string]model.NodeLeave, error) {
	all, err := k.cfg.Provider.Observe(ctx)
	var partial *provider.PartialError
	if err != nil && !errors.As(err, &partial) {
		return nil, fmt.Errorf("observe all servers: %w", err)
	}
	return k.notices(ctx, all)
}

// notices puts operators' notices and those of instances together.
func (k *Keeper) notices(ctx context.Context, instances []provider.Instance) (map[string]model.NodeLeave, error) {
	out := make(map[string]model.NodeLeave)
	if k.cfg.Leaves != nil {
		asked, err := k.cfg.Leaves(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the machines that go away: %w", err)
		}
		for _, l := range asked {
			out[l.Node] = l
		}
	}
	for i := range instances {
		if l := instances[i].Leave; l != nil && instances[i].Node != "" && instances[i].Running {
			out[instances[i].Node] = earlier(out, instances[i].Node, *l)
		}
	}
	return out, nil
}

// earlier is a provider's notice, or the one that its node has already when that has the earlier deadline.
func earlier(have map[string]model.NodeLeave, node string, l model.NodeLeave) model.NodeLeave {
	l.Node, l.ByProvider = node, true
	old, has := have[node]
	if !has || old.DeadlineAt.IsZero() || !l.DeadlineAt.IsZero() && l.DeadlineAt.Before(old.DeadlineAt) {
		return l
	}
	old.ByProvider = true
	return old
}

// noNode is a fleet's last start for which there was no machine.
type noNode struct {
	why     string
	leaving string // the nodes that went away then
	until   time.Time
}

// names are the nodes that go away, in order.
func names(leaving map[string]model.NodeLeave) []string {
	if len(leaving) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(leaving))
}

// lacksNode says why nothing can be started for the fleet now; "" when something may be tried.
func (f *fleet) lacksNode(leaving map[string]model.NodeLeave, now time.Time) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !now.Before(f.noNode.until) || f.noNode.leaving != strings.Join(names(leaving), ",") {
		return ""
	}
	return f.noNode.why
}

// withoutNode notes that there was no machine for a server, and forgets the server: nothing is wrong with the fleet.
func (k *Keeper) withoutNode(ctx context.Context, f *fleet, s model.Server, leaving []string, why error) error {
	f.mu.Lock()
	f.noNode = noNode{why: why.Error(), leaving: strings.Join(leaving, ","), until: k.cfg.Now().Add(NoNodeRetry)}
	f.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	stopped, err := k.cfg.Registry.SetState(ctx, s.ID, s.Generation, registry.StateChange{
		State: model.ServerStopped, Reason: why.Error(), Now: k.cfg.Now(),
	})
	if err == nil {
		err = k.cfg.Registry.RemoveServer(ctx, stopped.ID, stopped.Generation)
	}
	return errors.Join(why, err)
}

// joinAgain is what players are told whose session could not be moved before its machine goes.
const joinAgain = "this server's machine goes away and the session could not be moved in time: join again"

// mostPlayersFirst orders sessions as they are to be moved, so that the fewest players are left when time runs out.
func mostPlayersFirst(sessions []drain.Session) {
	slices.SortStableFunc(sessions, func(a, b drain.Session) int { return cmp.Compare(b.Players, a.Players) })
}
