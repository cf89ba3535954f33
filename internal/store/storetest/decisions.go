package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

func decision(fleet string, seconds int) model.Decision {
	return model.Decision{
		At: at.Add(time.Duration(seconds) * time.Second), Fleet: model.FleetName(fleet), Verb: "open", Servers: []model.ServerID{"a-1", "a-2"},
		Reason: "3 free", Sentence: fmt.Sprintf("opened 2 servers at %d", seconds), Result: "ok",
	}
}

func decisions(t *testing.T, s store.Store) {
	ctx := context.Background()
	bare := decision("plaza", 4)
	bare.Servers = []model.ServerID{}
	kept := []model.Decision{decision("voice", 1), decision("plaza", 3), decision("voice", 2), bare}
	if err := s.AppendDecisions(ctx, kept...); err != nil {
		t.Fatal(err)
	}
	list := func(q store.DecisionQuery) []model.Decision {
		t.Helper()
		got, err := s.ListDecisions(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	all := list(store.DecisionQuery{})
	if len(all) != 4 || all[0].ID == 0 {
		t.Fatalf("all: %+v", all)
	}
	for i, want := range []model.Decision{kept[3], kept[1], kept[2], kept[0]} { // by time, the newest first
		want.ID = all[i].ID
		if !reflect.DeepEqual(all[i], want) {
			t.Errorf("got  %+v\nwant %+v", all[i], want)
		}
	}
	if all[0].ID != all[2].ID+1 || all[2].ID != all[1].ID+1 {
		t.Errorf("not numbered as they came: %+v", all)
	}
	for _, c := range []struct {
		name string
		q    store.DecisionQuery
		want []model.Decision
	}{
		{"a fleet's", store.DecisionQuery{Fleet: "voice"}, []model.Decision{all[2], all[3]}},
		{"the newest two", store.DecisionQuery{Limit: 2}, all[:2]},
		{"since, the moment itself too", store.DecisionQuery{Since: kept[1].At}, all[:2]},
		{"until, the moment itself not", store.DecisionQuery{Until: kept[1].At}, all[2:]},
		{"a fleet's within a span", store.DecisionQuery{Fleet: "voice", Since: kept[2].At, Until: kept[3].At}, all[2:3]},
		{"after one that is known", store.DecisionQuery{After: all[1].ID}, []model.Decision{all[0], all[2]}},
		{"nobody's", store.DecisionQuery{Fleet: "nobody"}, nil},
	} {
		if got := list(c.q); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func pruneDecisions(t *testing.T, s store.Store) {
	ctx := context.Background()
	for i := range 10 {
		if err := s.AppendDecisions(ctx, decision("voice", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		before time.Time
		keep   int
		want   int
	}{{time.Time{}, 100, 10}, {at.Add(2 * time.Second), 100, 8}, {at, 5, 5}, {at.Add(time.Hour), 5, 0}} {
		if err := s.PruneDecisions(ctx, c.before, c.keep); err != nil {
			t.Fatal(err)
		}
		got, err := s.ListDecisions(ctx, store.DecisionQuery{})
		if err != nil || len(got) != c.want {
			t.Fatalf("before %s, at most %d: %d are left, %v; want %d", c.before, c.keep, len(got), err, c.want)
		}
		if len(got) > 0 && !got[0].At.Equal(at.Add(9*time.Second)) {
			t.Fatalf("the newest is gone: %+v", got[0])
		}
	}
}
