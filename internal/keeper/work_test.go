package keeper

import (
	"context"
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// Where work and names come from outside, a tick starts no goroutine and chooses nothing at random: the same ticks do
// the same.
func TestTicksInSomebodyElsesOrder(t *testing.T) {
	ctx, now := context.Background(), time.Unix(1_000_000, 0)
	reg, m, store := memory.New(now), newMachine(), newSpecs()
	defer m.off()
	m.connect(reg)
	store.apply(model.Fleet{Name: "plaza", Spec: model.FleetSpec{Ready: 2}})
	var work []func()
	names := 0
	k := New(Config{
		Store: store, Registry: reg, Provider: m, Waiting: func(model.RouteName) int { return 0 }, Now: func() time.Time { return now },
		Holder: "test", Env: func(model.ServerID) map[string]string { return nil },
		Work: func(_ model.FleetName, do func()) { work = append(work, do) },
		Suffix: func() string {
			names++
			return fmt.Sprintf("s%d", names)
		},
	})
	if err := k.Tick(ctx, "plaza"); err != nil {
		t.Fatal(err)
	}
	servers, _ := reg.ListServers(ctx, "plaza")
	if len(servers) != 2 || servers[0].ID != "plaza-s1" || servers[1].ID != "plaza-s2" || len(work) != 2 {
		t.Fatalf("%d servers, %d pieces of work: %+v", len(servers), len(work), servers)
	}
	if n, _ := m.Observe(ctx); len(n) != 0 {
		t.Fatal("a server was started before its work was done")
	}
	for _, do := range work {
		do()
	}
	if n, _ := m.Observe(ctx); len(n) != 2 {
		t.Fatalf("%d servers were started", len(n))
	}
	if err := k.Tick(ctx, "plaza"); err != nil || len(work) != 2 {
		t.Fatalf("%v, and %d pieces of work", err, len(work))
	}
}
