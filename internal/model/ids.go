// Package model owns the nouns of Greenroom: their names, states, limits and the defaults of their specs. It holds no
// behaviour beyond what a noun says about itself and imports nothing of Greenroom's.
package model

import (
	"slices"
	"strings"
)

// FleetName names a fleet: 1–63 of a-z, 0-9 and "-", starting with a letter.
type FleetName string

// RouteName names a route; same form as FleetName.
type RouteName string

// ServerID names a server for its whole life; it is "<fleet>-<8 letters or digits>" and never used twice, but for a static
// fleet's, which are at the same address again: see StaticServerID.
type ServerID string

// SessionKey names a session within its route: 1–128 of letters, digits and "-._~:@".
type SessionKey string

// PlayerID is what the back end calls a player; same form as SessionKey.
type PlayerID string

// SeatID numbers a seat. A registry never gives the same number twice, over its restarts too (its counter starts at the
// clock's microseconds), so it is also the ticket's id.
type SeatID uint64

// Generation orders what is said about one server or one session. Larger is newer; 0 is "none".
type Generation uint64

// SessionRef is a session's full name. It stays the same when the session moves.
type SessionRef struct {
	Route RouteName
	Key   SessionKey
}

// String gives "route/key".
func (r SessionRef) String() string { return string(r.Route) + "/" + string(r.Key) }

// MaxNameLength bounds session keys and player ids, in bytes.
const MaxNameLength = 128

// ValidKey tells whether s may be a session key or a player id: it can stand in an MQTT topic, a URL and a JSON string
// without being escaped.
func ValidKey(s string) bool {
	if len(s) == 0 || len(s) > MaxNameLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case i > 0 && strings.IndexByte("-._~:@", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// EndpointUDP is the endpoint that players enter with a connect token instead of a ticket.
const EndpointUDP = "udp"

// TakesConnectTokens tells whether one of the endpoints is EndpointUDP.
func TakesConnectTokens(list []Endpoint) bool {
	return slices.ContainsFunc(list, func(e Endpoint) bool { return e.Name == EndpointUDP })
}

// Endpoint is one way into a server, such as {"ws", "ws://127.0.0.1:7401/room"}.
type Endpoint struct {
	Name string
	URL  string
}
