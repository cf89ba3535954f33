package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
)

// Upgrade implements Keeper.
func (e *engine) Upgrade(model.FleetName) (plan.Upgrade, bool) {
	return e.upgrade, e.upgrade.Revision > 0
}

// release applies the fleet rooms with a capacity that stands for its version.
func release(t *testing.T, client greenroomv1connect.FleetServiceClient, sessions uint32) *greenroomv1.Fleet {
	t.Helper()
	f := fleetMessage("rooms", 1)
	f.Spec.Capacity = &greenroomv1.ServerCapacity{Sessions: sessions}
	r, err := client.ApplyFleet(t.Context(), &greenroomv1.ApplyFleetRequest{Fleet: f})
	if err != nil {
		t.Fatal(err)
	}
	return r.GetFleet()
}

func TestUpgradesArePausedResumedAndUndone(t *testing.T) {
	w := newWorld(t)
	client, ctx := greenroomv1connect.NewFleetServiceClient(w.admin(t)), t.Context()
	release(t, client, 5)
	_, err := client.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: "rooms"})
	wantCode(t, err, connect.CodeFailedPrecondition, "no other revision of which a server was ready")
	if err := w.store.ProveRevision(ctx, "rooms", 1, w.now()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	if f := release(t, client, 6); f.GetRevision() != 2 {
		t.Fatalf("revision %d", f.GetRevision())
	}

	paused, err := client.PauseUpgrade(ctx, &greenroomv1.PauseUpgradeRequest{Fleet: "rooms"})
	if err != nil || !paused.GetFleet().GetSpec().GetUpgrade().GetPaused() || paused.GetFleet().GetRevision() != 2 {
		t.Fatalf("paused: %v, %v", paused, err)
	}
	again, err := client.PauseUpgrade(ctx, &greenroomv1.PauseUpgradeRequest{Fleet: "rooms"})
	if err != nil || again.GetFleet().GetGeneration() != paused.GetFleet().GetGeneration() {
		t.Errorf("paused again: %v, %v", again, err)
	}
	if err := w.store.StopRevision(ctx, "rooms", 2, "3 starts in a row failed"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ResumeUpgrade(ctx, &greenroomv1.ResumeUpgradeRequest{Fleet: "rooms"}); err != nil {
		t.Fatal(err)
	}
	list, err := client.ListRevisions(ctx, &greenroomv1.ListRevisionsRequest{Fleet: "rooms"})
	if err != nil || len(list.GetRevisions()) != 2 || list.GetRevisions()[0].GetStopped() != "" {
		t.Fatalf("revisions %v, %v", list, err)
	}
	now, before := list.GetRevisions()[0], list.GetRevisions()[1]
	if now.GetRevision() != 2 || !now.GetCurrent() || now.GetProvedAt() != nil || before.GetCurrent() || before.GetProvedAt() == nil || before.GetSpec().GetCapacity().GetSessions() != 5 {
		t.Errorf("revisions %v", list)
	}

	if _, err := client.PauseUpgrade(ctx, &greenroomv1.PauseUpgradeRequest{Fleet: "rooms"}); err != nil {
		t.Fatal(err)
	}
	undone, err := client.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: "rooms"})
	if f := undone.GetFleet(); err != nil || f.GetRevision() != 1 || f.GetSpec().GetCapacity().GetSessions() != 5 || f.GetSpec().GetUpgrade().GetPaused() {
		t.Fatalf("undone: %v, %v", undone, err)
	}
	_, err = client.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: "rooms", Revision: 1})
	wantCode(t, err, connect.CodeFailedPrecondition, "has already")
	_, err = client.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: "rooms", Revision: 9})
	wantCode(t, err, connect.CodeFailedPrecondition, "no revision 9")
	if r, err := client.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: "rooms", Revision: 2}); err != nil || r.GetFleet().GetRevision() != 2 {
		t.Errorf("to a given one: %v, %v", r, err)
	}
	w.engine.check = errors.New("provider.process.command[0]: no such file")
	_, err = client.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: "rooms", Revision: 1})
	wantCode(t, err, connect.CodeFailedPrecondition, "cannot be used any more", "no such file")

	lines, err := w.store.ListAudit(ctx, 20)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, l := range lines {
		said = append(said, l.Action+" "+l.Target+": "+l.Detail)
	}
	for _, want := range []string{"pause upgrade rooms: to revision 2", "retry upgrade rooms: revision 2", "resume upgrade rooms", "undo upgrade rooms: from revision 2 to 1"} {
		if !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("audit has no %q: %q", want, said)
		}
	}
}

func TestUpgradesOfWhatIsNotThere(t *testing.T) {
	w := newWorld(t)
	client, ctx := greenroomv1connect.NewFleetServiceClient(w.admin(t)), t.Context()
	_, err := client.PauseUpgrade(ctx, &greenroomv1.PauseUpgradeRequest{Fleet: "nowhere"})
	wantCode(t, err, connect.CodeNotFound, "nowhere")
	_, err = client.ListRevisions(ctx, &greenroomv1.ListRevisionsRequest{Fleet: "nowhere"})
	wantCode(t, err, connect.CodeNotFound, "nowhere")
	release(t, client, 5)
	if _, err := client.DeleteFleet(ctx, &greenroomv1.DeleteFleetRequest{Name: "rooms"}); err != nil {
		t.Fatal(err)
	}
	_, err = client.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: "rooms"})
	wantCode(t, err, connect.CodeFailedPrecondition, "being deleted")
}

func TestUpgradeStatus(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewFleetServiceClient(w.admin(t))
	if f := release(t, client, 5); f.GetStatus().GetUpgrade() != nil {
		t.Errorf("nothing was planned: %v", f.GetStatus().GetUpgrade())
	}
	w.engine.upgrade = plan.Upgrade{Revision: 1, Sentence: "all servers are of revision 1"}
	if f := release(t, client, 5); f.GetStatus().GetUpgrade() != nil {
		t.Errorf("no upgrade: %v", f.GetStatus().GetUpgrade())
	}
	if u := release(t, client, 6).GetStatus().GetUpgrade(); u.GetPhase() != "running" || u.GetRevision() != 2 {
		t.Errorf("not planned for yet: %v", u)
	}
	w.engine.upgrade = plan.Upgrade{
		Revision: 2, Phase: plan.UpgradeStopped, Updated: 1, Coming: 2, Old: 3, Draining: 4, Sessions: 5, Players: 6, StartedAt: w.now(), Sentence: "why",
	}
	u := release(t, client, 6).GetStatus().GetUpgrade()
	if u.GetPhase() != "stopped" || u.GetUpdated() != 1 || u.GetComing() != 2 || u.GetOld() != 3 || u.GetDraining() != 4 ||
		u.GetSessionsLeft() != 5 || u.GetPlayersLeft() != 6 || u.GetSentence() != "why" || !u.GetStartedAt().AsTime().Equal(w.now()) {
		t.Errorf("%v", u)
	}
}
