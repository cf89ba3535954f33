package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

var (
	hour    = at.Truncate(time.Hour)
	cheap   = model.Price{PerServerHour: 0.1, Currency: "USD", InstanceType: "c7g.large", Architecture: "arm64"}
	dear    = model.Price{PerServerHour: 0.3, Currency: "USD", InstanceType: "c7g.large", Spot: true, Architecture: "arm64"}
	voice   = model.HistorySubject{Kind: model.HistoryFleet, Name: "voice"}
	plaza   = model.HistorySubject{Kind: model.HistoryFleet, Name: "plaza"}
	onRoute = model.HistorySubject{Kind: model.HistoryRoute, Name: "voice"}
	total   = model.HistorySubject{Kind: model.HistoryTotal}
)

// record is a minute in which every field has a value of its own.
func record(of model.HistorySubject, minute int, price model.Price) model.HistoryRecord {
	n := int64(minute + 1)
	return model.HistoryRecord{
		Subject: of, At: hour.Add(time.Duration(minute) * time.Minute), Step: time.Minute, Price: price,
		Covered: 60_000 - n, Wanted: 2 * n, Starting: 3 * n, Ready: 4 * n, Open: 5 * n, Leaving: 6 * n, Idle: 7 * n, Sessions: 8 * n,
		Active: 9 * n, Slots: 10 * n, Seats: 11 * n, Players: 12 * n, SessionsMax: 13 * n, PlayersMax: 14 * n, Joins: 15 * n, Left: 16 * n,
		SessionsBegun: 17 * n, SessionsKeyed: 18 * n, Refusals: 19 * n, Waits: 20 * n, WaitTime: 21 * n, WaitMax: 22 * n,
	}
}

func keep(t rapid.TB, s store.Store, records ...model.HistoryRecord) {
	t.Helper()
	if err := s.AppendHistory(context.Background(), records...); err != nil {
		t.Fatal(err)
	}
}

func read(t rapid.TB, s store.Store, of model.HistorySubject, step time.Duration) []model.HistoryRecord {
	t.Helper()
	got, err := s.ReadHistory(context.Background(), store.HistoryQuery{Subject: of, Since: hour.AddDate(-1, 0, 0), Until: hour.AddDate(1, 0, 0), Step: step})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func historyIsKept(t *testing.T, s store.Store) {
	want := []model.HistoryRecord{record(voice, 0, cheap), record(voice, 1, model.Price{}), record(voice, 3, cheap)}
	keep(t, s, want...)
	keep(t, s, record(plaza, 0, cheap), record(onRoute, 0, model.Price{}), record(total, 0, model.Price{}))
	if got := read(t, s, voice, time.Minute); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := read(t, s, onRoute, time.Minute); len(got) != 1 || got[0].Subject != onRoute {
		t.Errorf("the route: %+v", got)
	}
	if got := read(t, s, total, time.Minute); len(got) != 1 || got[0].Subject != total {
		t.Errorf("the total: %+v", got)
	}
	if got := read(t, s, model.HistorySubject{Kind: model.HistoryFleet}, time.Minute); len(got) != 4 || got[0].Subject != plaza {
		t.Errorf("all fleets: %+v", got)
	}
	if got := read(t, s, model.HistorySubject{Kind: model.HistoryFleet, Name: "nobody"}, time.Minute); len(got) != 0 {
		t.Errorf("nobody: %+v", got)
	}
	within, err := s.ReadHistory(context.Background(), store.HistoryQuery{
		Subject: voice, Since: hour.Add(time.Second), Until: hour.Add(3 * time.Minute), Step: time.Minute,
	})
	if err != nil || len(within) != 1 || !within[0].At.Equal(want[1].At) {
		t.Errorf("after the first and before the last: %+v, %v", within, err)
	}
}

// historyAddsUp: a step that is written in two parts, as around a restart, is their sum; prices stay apart.
func historyAddsUp(t *testing.T, s store.Store) {
	keep(t, s, record(voice, 2, cheap))
	later := record(voice, 2, cheap)
	later.WaitMax, later.PlayersMax, later.SessionsMax = 1, 1000, 1
	keep(t, s, later, record(voice, 2, dear))
	want := record(voice, 2, cheap)
	want.Add(&later)
	got := read(t, s, voice, time.Minute)
	if len(got) != 2 || !reflect.DeepEqual(got[0], want) || !reflect.DeepEqual(got[1], record(voice, 2, dear)) {
		t.Errorf("got  %+v\nwant %+v and the dearer one", got, want)
	}
}

func historyInSteps(t *testing.T, s store.Store) {
	var first, second, whole model.HistoryRecord
	for minute := range 20 {
		r := record(voice, minute, cheap)
		keep(t, s, r)
		if minute < 10 {
			first.Add(&r)
		} else {
			second.Add(&r)
		}
		whole.Add(&r)
	}
	put := func(r *model.HistoryRecord, at time.Time, step time.Duration) {
		r.Subject, r.At, r.Step, r.Price = voice, at, step, cheap
	}
	put(&first, hour, 10*time.Minute)
	put(&second, hour.Add(10*time.Minute), 10*time.Minute)
	put(&whole, hour.AddDate(-1, 0, 0), hour.AddDate(1, 0, 0).Sub(hour.AddDate(-1, 0, 0)))
	if got := read(t, s, voice, 10*time.Minute); !reflect.DeepEqual(got, []model.HistoryRecord{first, second}) {
		t.Errorf("in steps of 10 minutes\n%+v\nwant\n%+v\n%+v", got, first, second)
	}
	if got := read(t, s, voice, 0); !reflect.DeepEqual(got, []model.HistoryRecord{whole}) {
		t.Errorf("as one\n%+v\nwant\n%+v", got, whole)
	}
}

// historyCompacts: whatever is compacted whenever, what is answered in longer steps stays the same to the last digit.
func historyCompacts(t *testing.T, s store.Store) {
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		of := model.HistorySubject{Kind: model.HistoryFleet, Name: "fleet-" + string(rune('a'+n%26)) + time.Duration(n).String()}
		for _, minute := range rapid.SliceOfN(rapid.IntRange(0, 240), 0, 40).Draw(t, "minutes") {
			keep(t, s, record(of, minute, []model.Price{{}, cheap, dear}[minute%3]))
		}
		hours, all := read(t, s, of, time.Hour), read(t, s, of, 0)
		for _, before := range rapid.SliceOfN(rapid.IntRange(0, 24), 1, 4).Draw(t, "compacted before") {
			to := hour.Add(time.Duration(before) * 10 * time.Minute)
			for _, err := range []error{
				s.CompactHistory(context.Background(), time.Minute, 10*time.Minute, to),
				s.CompactHistory(context.Background(), 10*time.Minute, time.Hour, to.Truncate(time.Hour)),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, r := range read(t, s, of, time.Minute) {
				if r.At.Before(to.Truncate(time.Hour)) && r.Step != time.Hour || r.At.Before(to) && r.Step < 10*time.Minute {
					t.Fatalf("compacted before %s: %+v", to, r)
				}
			}
		}
		if got := read(t, s, of, time.Hour); !reflect.DeepEqual(got, hours) {
			t.Fatalf("by the hour\n%+v\nwant\n%+v", got, hours)
		}
		if got := read(t, s, of, 0); !reflect.DeepEqual(got, all) {
			t.Fatalf("as one\n%+v\nwant\n%+v", got, all)
		}
	})
}

func historyIsDropped(t *testing.T, s store.Store) {
	keep(t, s, record(voice, 0, cheap), record(voice, 1, cheap), record(plaza, 0, dear))
	if err := s.CompactHistory(context.Background(), time.Minute, 0, hour.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, model.HistorySubject{Kind: model.HistoryFleet}, time.Minute); len(got) != 1 || got[0].Subject != voice || got[0].At.Equal(hour) {
		t.Errorf("left: %+v", got)
	}
}
