package storetest

import (
	"reflect"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

func nodeLeaves(t *testing.T, s store.Store) {
	ctx := t.Context()
	put := func(l model.NodeLeave) {
		t.Helper()
		if err := s.PutNodeLeave(ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(want ...model.NodeLeave) {
		t.Helper()
		got, err := s.ListNodeLeaves(ctx)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d notices, %v; want %d", len(got), err, len(want))
		}
		for i := range got {
			same := got[i].NoticedAt.Equal(want[i].NoticedAt) && got[i].DeadlineAt.Equal(want[i].DeadlineAt)
			got[i].NoticedAt, got[i].DeadlineAt = want[i].NoticedAt, want[i].DeadlineAt
			if !same || !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("notice %+v, want %+v", got[i], want[i])
			}
		}
	}
	shows()
	watch := s.Watch(ctx)
	b := model.NodeLeave{Node: "b", NoticedAt: at, Reason: "maintenance"}
	a := model.NodeLeave{Node: "a.example", NoticedAt: at, DeadlineAt: at.Add(time.Minute), Reason: "spot"}
	put(b)
	put(a)
	shows(a, b)
	a.DeadlineAt, a.Reason = at.Add(time.Hour), "later"
	put(a)
	shows(a, b)
	select {
	case <-watch:
	default:
		t.Error("a notice is not told to who watches")
	}
	if err := s.DropNodeLeave(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	shows(a)
	wantErr(t, s.DropNodeLeave(ctx, "b"), store.ErrNotFound, "b")
}
