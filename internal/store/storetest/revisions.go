package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// ofVersion is the fleet plaza with the template that a version's number stands for.
func ofVersion(n int) model.Fleet {
	f := fleet("plaza", 1)
	f.Spec.Process = &model.ProcessSpec{Command: []string{"/bin/game", fmt.Sprint(n)}}
	return f
}

// revisions says a fleet's revisions: "3 2 1".
func revisions(t *testing.T, s store.Store, name model.FleetName) (list []model.FleetRevision, numbers string) {
	t.Helper()
	list, err := s.ListRevisions(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, r := range list {
		words = append(words, fmt.Sprint(r.Number))
	}
	return list, strings.Join(words, " ")
}

func wantRevisions(t *testing.T, s store.Store, want string) []model.FleetRevision {
	t.Helper()
	list, got := revisions(t, s, "plaza")
	if got != want {
		t.Fatalf("revisions %q, want %q", got, want)
	}
	return list
}

func revisionNumbers(t *testing.T, s store.Store) {
	wantRevisions(t, s, "")
	if f := applyFleet(t, s, ofVersion(1), store.Created, at); f.Revision != 1 {
		t.Fatalf("the first is revision %d", f.Revision)
	}
	larger := ofVersion(1)
	larger.Spec.Ready = 5
	larger.Spec.Capacity.Sessions = model.DefaultSessions // the default, written out
	if f := applyFleet(t, s, larger, store.Changed, at); f.Revision != 1 {
		t.Errorf("another buffer is revision %d", f.Revision)
	}
	if f := applyFleet(t, s, ofVersion(2), store.Changed, at.Add(time.Minute)); f.Revision != 2 {
		t.Errorf("another command is revision %d", f.Revision)
	}
	applyFleet(t, s, ofVersion(3), store.Changed, at.Add(2*time.Minute))
	if f := applyFleet(t, s, ofVersion(1), store.Changed, at.Add(3*time.Minute)); f.Revision != 1 {
		t.Errorf("the first again is revision %d", f.Revision)
	}
	list := wantRevisions(t, s, "1 3 2")
	if !list[0].CreatedAt.Equal(at) || !list[0].UsedAt.Equal(at.Add(3*time.Minute)) || list[0].Spec.Process.Command[1] != "1" {
		t.Errorf("the present one: %+v", list[0])
	}
	if f, err := s.GetFleet(context.Background(), "plaza"); err != nil || f.Revision != 1 {
		t.Errorf("read back: revision %d, %v", f.Revision, err)
	}
	if _, _, err := tryFleet(s, ofVersion(4), true, at); err != nil {
		t.Fatal(err)
	}
	wantRevisions(t, s, "1 3 2")
}

func revisionLife(t *testing.T, s store.Store) {
	ctx := context.Background()
	wantErr(t, s.ProveRevision(ctx, "plaza", 1, at), store.ErrNotFound, "plaza", "1")
	wantErr(t, s.StopRevision(ctx, "plaza", 1, "x"), store.ErrNotFound, "plaza", "1")
	applyFleet(t, s, ofVersion(1), store.Created, at)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(s.ProveRevision(ctx, "plaza", 1, at.Add(time.Second)))
	ok(s.ProveRevision(ctx, "plaza", 1, at.Add(time.Hour)))
	applyFleet(t, s, ofVersion(2), store.Changed, at)
	ok(s.StopRevision(ctx, "plaza", 2, "3 starts in a row failed"))
	larger := ofVersion(2)
	larger.Spec.Ready = 7
	applyFleet(t, s, larger, store.Changed, at)
	list := wantRevisions(t, s, "2 1")
	if list[0].Stopped != "3 starts in a row failed" || !list[0].ProvedAt.IsZero() {
		t.Errorf("stopped: %+v", list[0])
	}
	if !list[1].ProvedAt.Equal(at.Add(time.Second)) || list[1].Stopped != "" {
		t.Errorf("proved: %+v", list[1])
	}
	ok(s.StopRevision(ctx, "plaza", 2, ""))
	ok(s.StopRevision(ctx, "plaza", 2, "again"))
	applyFleet(t, s, ofVersion(1), store.Changed, at)
	applyFleet(t, s, ofVersion(2), store.Changed, at.Add(time.Minute))
	if list := wantRevisions(t, s, "2 1"); list[0].Stopped != "" || !list[0].UsedAt.Equal(at.Add(time.Minute)) {
		t.Errorf("applied again: %+v", list[0])
	}
	ok(s.DeleteFleet(ctx, "plaza", 0, false, at))
	ok(s.RemoveFleet(ctx, "plaza"))
	wantRevisions(t, s, "")
	applyFleet(t, s, ofVersion(9), store.Created, at)
	wantRevisions(t, s, "1")
}

func revisionsAreBounded(t *testing.T, s store.Store) {
	outcome := store.Created
	for n := range 3 * model.KeepRevisions {
		applyFleet(t, s, ofVersion(n), outcome, at.Add(time.Duration(n)*time.Minute))
		outcome = store.Changed
	}
	const newest = 3 * model.KeepRevisions
	// Going back and forth among the kept ones keeps them, and the largest number whatever happens.
	for n := range 2 * model.KeepRevisions {
		f := ofVersion(newest - 2 - n%2)
		applyFleet(t, s, f, store.Changed, at.Add(time.Duration(newest+n)*time.Minute))
	}
	list, _ := revisions(t, s, "plaza")
	if len(list) < model.KeepRevisions || len(list) > model.KeepRevisions+1 {
		t.Errorf("%d are kept", len(list))
	}
	if f := applyFleet(t, s, ofVersion(1), store.Changed, at.Add(time.Hour*24)); f.Revision != newest+1 {
		t.Errorf("a forgotten one is revision %d, want %d", f.Revision, newest+1)
	}
}
