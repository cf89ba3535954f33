package registry

import "greenroom.dev/greenroom/internal/model"

// Count is the live facts in numbers, at one moment. The caller owns it. Fleets without a server and routes without a
// session are not in it.
type Count struct {
	Fleets map[model.FleetName]FleetCount
	Routes map[model.RouteName]RouteCount
}

// FleetCount counts what is on the servers of one fleet.
type FleetCount struct {
	Servers          [model.ServerUnhealthy + 1]int // by state
	ServersIdle      int                            // without a session, in every state but stopped and unhealthy
	Sessions         int
	SessionsActive   int // of them with a player: a seat reserved or claimed
	SeatsReserved    int
	SeatsClaimed     int
	SessionSlots     int // on open servers, those in use too, likewise below
	FreeSessionSlots int
	Seats            int
	OpenPlayers      int // seats reserved or claimed there
}

// CountServer counts one server.
func CountServer(s *model.Server) FleetCount {
	c := FleetCount{Sessions: s.Sessions, SessionsActive: s.SessionsActive, SeatsReserved: s.SeatsReserved, SeatsClaimed: s.SeatsClaimed}
	c.Servers[min(s.State, model.ServerUnhealthy)] = 1
	if s.Sessions == 0 && !s.State.Terminal() {
		c.ServersIdle = 1
	}
	if s.State == model.ServerOpen {
		c.SessionSlots, c.FreeSessionSlots, c.Seats = s.SessionCapacity, s.FreeSlots(), s.SeatCapacity
		c.OpenPlayers = s.SeatsReserved + s.SeatsClaimed
	}
	return c
}

// Add adds sign times what the other counts; sign is 1 or -1.
func (c *FleetCount) Add(other *FleetCount, sign int) {
	for state, n := range other.Servers {
		c.Servers[state] += sign * n
	}
	c.ServersIdle += sign * other.ServersIdle
	c.Sessions += sign * other.Sessions
	c.SessionsActive += sign * other.SessionsActive
	c.SeatsReserved += sign * other.SeatsReserved
	c.SeatsClaimed += sign * other.SeatsClaimed
	c.SessionSlots += sign * other.SessionSlots
	c.FreeSessionSlots += sign * other.FreeSessionSlots
	c.Seats += sign * other.Seats
	c.OpenPlayers += sign * other.OpenPlayers
}

// RouteCount counts the sessions of one route, those between two servers too.
type RouteCount struct {
	Sessions       int
	SessionsActive int // with a player
	Players        int // seats reserved or claimed
}
