package event

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// BenchmarkAThousandEvents is a calendar of one event an hour: what a keeper's tick, and a watcher of the calendar, cost.
func BenchmarkAThousandEvents(b *testing.B) {
	var events []model.Event
	for i := range 1000 {
		e := gala()
		e.Name = model.EventName(fmt.Sprintf("gala-%d", i))
		e.DoorsAt, e.EndsAt = e.DoorsAt.Add(time.Duration(i)*time.Hour), e.EndsAt.Add(time.Duration(i)*time.Hour)
		events = append(events, e)
	}
	w := newWorld(events...)
	b.Run("outlook", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.Outlook("rooms", w.now)
		}
	})
	b.Run("statuses", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.Statuses(events)
		}
	})
	b.Run("calendar", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			newCalendar(w.specs.Specs(), w.now)
		}
	})
}
