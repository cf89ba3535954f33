package api

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// A node is drained by an operator, again with another deadline, and not any more; a provider's notice is the provider's.
func TestNodes(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	client := greenroomv1connect.NewNodeServiceClient(w.admin(t))
	wants := func(err error, code connect.Code) {
		t.Helper()
		if connect.CodeOf(err) != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
	_, err := client.DrainNode(ctx, &greenroomv1.DrainNodeRequest{Name: "a"})
	wants(err, connect.CodeNotFound)
	s := w.openServer(t, "rooms-abcdefgh", "rooms", 4, 10)
	if err := w.registry.Attach(ctx, s.ID, registry.Attachment{Node: "a"}); err != nil {
		t.Fatal(err)
	}
	dry, err := client.DrainNode(ctx, &greenroomv1.DrainNodeRequest{Name: "a", Deadline: durationpb.New(time.Minute), DryRun: true})
	if err != nil || dry.GetNode().GetServers() != 1 || dry.GetNode().GetLeave().GetDeadlineAt() == nil {
		t.Fatalf("%v, %v", dry, err)
	}
	if all, err := w.store.ListNodeLeaves(ctx); err != nil || len(all) > 0 {
		t.Errorf("a dry run kept %v, %v", all, err)
	}
	for _, minutes := range []time.Duration{10, 5} {
		got, err := client.DrainNode(ctx, &greenroomv1.DrainNodeRequest{Name: "a", Deadline: durationpb.New(minutes * time.Minute), Reason: "kernel"})
		if err != nil || (got.GetReplaced() != nil) != (minutes == 5) {
			t.Fatalf("%v, %v", got, err)
		}
		all, err := w.store.ListNodeLeaves(ctx)
		if err != nil || len(all) != 1 || !all[0].DeadlineAt.Equal(w.now().Add(minutes*time.Minute)) || all[0].Reason != "kernel" {
			t.Fatalf("kept %+v, %v", all, err)
		}
	}
	if _, err := client.UndrainNode(ctx, &greenroomv1.UndrainNodeRequest{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	_, err = client.UndrainNode(ctx, &greenroomv1.UndrainNodeRequest{Name: "a"})
	wants(err, connect.CodeNotFound)
	w.engine.leaving = map[string]model.NodeLeave{"b": {Node: "b", NoticedAt: w.now(), ByProvider: true, Reason: "spot"}}
	_, err = client.UndrainNode(ctx, &greenroomv1.UndrainNodeRequest{Name: "b"})
	wants(err, connect.CodeFailedPrecondition)
	list, err := client.ListNodes(ctx, &greenroomv1.ListNodesRequest{})
	if err != nil || len(list.GetNodes()) != 2 || list.GetNodes()[0].GetFleets()[0] != "rooms" || !list.GetNodes()[1].GetLeave().GetByProvider() {
		t.Errorf("%v, %v", list, err)
	}
	audit, err := w.store.ListAudit(ctx, 10)
	if err != nil || len(audit) < 3 || audit[0].Action != "undrain node" || audit[1].Action != "drain node" {
		t.Errorf("audit %+v, %v", audit, err)
	}
}
