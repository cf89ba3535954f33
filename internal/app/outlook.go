package app

import (
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// outlook is where what the keeper is told of a fleet beside its servers comes from. Each source answers from memory.
type outlook struct {
	events   func(model.FleetName, time.Time) []scale.Event
	signals  func() map[string]scale.Signal
	expected func(model.FleetName, time.Time) []scale.Expectation
}

// of puts the sources' answers together.
func (o outlook) of(fleet model.FleetName, now time.Time) scale.Outlook {
	return scale.Outlook{Events: o.events(fleet, now), Signals: o.signals(), Expected: o.expected(fleet, now)}
}
