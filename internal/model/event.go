package model

import "time"

// EventName names an event.
type EventName string

// Event is an announced gathering: players that are expected on a route between DoorsAt and EndsAt.
type Event struct {
	Name              EventName
	Labels            map[string]string
	Title             string
	Route             RouteName
	DoorsAt, EndsAt   time.Time
	Attendance        int           // at its height, beside those that are there anyway
	PlayersPerSession int           // 0: the fleet's seats per session
	Lead              time.Duration // before the doors; 0: DefaultEventLead, or twice the time to boot where that is more
	Ramp              time.Duration // they arrive evenly over it; 0: all at once
	Generation        Generation
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// DefaultEventLead is how long before the doors an event's capacity stands where nothing is said.
const DefaultEventLead = 5 * time.Minute

// EventPhase is where an event is in its life. The numbers are those of greenroom.v1.EventPhase.
type EventPhase uint8

// An event's phases, in order.
const (
	EventPhaseUnknown EventPhase = iota
	EventPlanned
	EventPreparing
	EventPrepared
	EventOpen
	EventOver
)
