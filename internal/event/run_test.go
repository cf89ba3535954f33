package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// refusing is a store that drops nothing.
type refusing struct{ asked int }

func (r *refusing) DropEvents(context.Context, time.Time) (int, error) {
	r.asked++
	return 0, errors.New("disk full")
}

// TestRun: it goes on after failures, tells of a phase within a second, and ends with its context.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := gala()
		e.DoorsAt, e.EndsAt = time.Now().Add(10*time.Minute), time.Now().Add(time.Hour)
		all := plaza()
		all.set(e)
		var log strings.Builder
		durable := &refusing{}
		s := New(Config{
			Specs: all, Store: durable, Now: time.Now, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Facts: Facts{
				Fleet: func(model.FleetName) Fleet { return Fleet{} },
				Route: func(model.RouteName) Route { return Route{} },
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		changed := s.Watch(ctx)
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		<-changed // the first look
		<-changed
		if got := time.Until(e.DoorsAt); got > 5*time.Minute || got < 5*time.Minute-tickEvery {
			t.Errorf("told of the preparation %s before the doors", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if durable.asked < 2 || !strings.Contains(log.String(), "disk full") {
			t.Errorf("asked to drop old events %d times; logged %s", durable.asked, log.String())
		}
	})
}

// TestSafetyStanding: no slot is told of twice, and none that is not there.
func TestSafetyStanding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []model.Event
		for i := range rapid.IntRange(1, 5).Draw(t, "events") {
			doors := noon.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "doors")) * time.Minute)
			events = append(events, model.Event{
				Name: model.EventName(fmt.Sprintf("e%d", i)), Route: rapid.SampledFrom([]model.RouteName{"plaza", "garden"}).Draw(t, "route"),
				Attendance: rapid.IntRange(1, 5000).Draw(t, "attendance"), DoorsAt: doors,
				EndsAt: doors.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "lasts")) * time.Minute),
				Ramp:   time.Duration(rapid.IntRange(0, 30).Draw(t, "ramp")) * time.Minute,
			})
		}
		w := newWorld(events...)
		there := 0
		for _, name := range []model.FleetName{"rooms", "small"} {
			f := Fleet{
				Sessions: rapid.IntRange(0, 40).Draw(t, "sessions"), Free: rapid.IntRange(0, 40).Draw(t, "free"),
				Kept: rapid.IntRange(0, 5).Draw(t, "kept"),
			}
			f.Before = rapid.IntRange(0, f.Sessions).Draw(t, "before")
			w.fleets[name] = f
			there += max(0, f.Free-f.Kept) + f.Sessions - f.Before
		}
		sum := 0
		for i, st := range w.Statuses(events) {
			if st.SlotsStanding > st.SlotsWanted || st.SlotsStanding < 0 {
				t.Fatalf("%+v stands for %+v", st, events[i])
			}
			if over := !w.now.Before(events[i].EndsAt); over && st.SlotsWanted != 0 {
				t.Fatalf("%+v asks for something and is over: %+v", events[i], st)
			}
			sum += st.SlotsStanding
		}
		if sum > there {
			t.Fatalf("%d slots stand of %d", sum, there)
		}
	})
}
