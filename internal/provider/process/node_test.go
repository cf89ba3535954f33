package process

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// A machine that pretends to be two spreads its servers, starts none on one that leaves, and knows after a restart which
// is where.
func TestNodes(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), Nodes: []string{"a", "b"}}
	p, stop := open(t, cfg)
	spec := script("sleep 60")
	where := func(p *Process) (out string) {
		all, err := p.Observe(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range all {
			out += fmt.Sprintf("%s on %s; ", i.ID, i.Node)
		}
		return out
	}
	start := func(id model.ServerID, leaving ...string) error {
		_, err := p.Start(context.Background(), provider.Start{ID: id, Fleet: "plaza", Spec: spec.WithDefaults(), Leaving: leaving})
		return err
	}
	for id, leaving := range map[model.ServerID][]string{"s-1": {"b"}, "s-2": {"a"}, "s-3": {"a", "c"}} {
		if err := start(id, leaving...); err != nil {
			t.Fatal(err)
		}
	}
	if err := start("s-4"); err != nil { // where there are fewer
		t.Fatal(err)
	}
	if err := start("s-5", "a", "b"); !errors.Is(err, provider.ErrNoNode) {
		t.Errorf("with no machine left: %v", err)
	}
	want := "s-1 on a; s-2 on b; s-3 on b; s-4 on a; "
	if got := where(p); got != want {
		t.Errorf("servers are %s, want %s", got, want)
	}
	stop()
	p, stop = open(t, cfg)
	defer stop()
	defer func() {
		for _, id := range []model.ServerID{"s-1", "s-2", "s-3", "s-4"} {
			if err := p.Stop(context.Background(), id); err != nil {
				t.Error(err)
			}
			end(t, p, id)
		}
	}()
	if got := where(p); got != want {
		t.Errorf("after a restart servers are %s, want %s", got, want)
	}
}
