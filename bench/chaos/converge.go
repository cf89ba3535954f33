//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// amiss answers what is not yet as it should be when nothing is wrong any more (rule I4); bots is how many players each of the
// bots' sessions has.
func amiss(p picture, running map[int]string, bots map[string]int) (left []string) {
	note := func(format string, args ...any) { left = append(left, fmt.Sprintf(format, args...)) }
	known := map[string]string{}
	for _, s := range p.servers {
		known[s.GetName()] = s.GetProviderRef()
		switch s.GetState() {
		case greenroomv1.ServerState_SERVER_STATE_READY, greenroomv1.ServerState_SERVER_STATE_OPEN:
		default:
			note("server %s is %s: %s", s.GetName(), short(s.GetState().String()), s.GetReason())
		}
	}
	for pid, server := range running {
		if known[server] != fmt.Sprintf("pid %d", pid) {
			note("process %d of server %s is leaked", pid, server)
		}
		delete(known, server)
	}
	for server, ref := range known {
		note("server %s has no process (%s)", server, ref)
	}
	for _, f := range p.fleets {
		ready, open := f.GetStatus().GetServers()["ready"], f.GetStatus().GetFreeSessionSlots()
		if want := f.GetSpec().GetBuffers(); ready < want.GetReady() || open < want.GetOpen() {
			note("fleet %s: %d of %d ready servers, %d of %d free sessions", f.GetName(), ready, want.GetReady(), open, want.GetOpen())
		}
	}
	return append(left, strangers(p.sessions, bots)...)
}

// strangers answers sessions that nobody is in, or that the bots miss.
func strangers(sessions []*greenroomv1.Session, bots map[string]int) (left []string) {
	here := map[string]int{}
	for _, s := range sessions {
		name := s.GetRoute() + "/" + s.GetKey()
		here[name] = int(s.GetSeatsClaimed())
		switch {
		case bots[name] == 0:
			left = append(left, fmt.Sprintf("session %s is still there, with %d seats reserved and %d claimed", name, s.GetSeatsReserved(), s.GetSeatsClaimed()))
		case s.GetState() != greenroomv1.SessionState_SESSION_STATE_LIVE:
			left = append(left, fmt.Sprintf("session %s is %s", name, short(s.GetState().String())))
		case s.GetSeatsReserved() > 0:
			left = append(left, fmt.Sprintf("session %s has %d seats that nobody claims", name, s.GetSeatsReserved()))
		}
	}
	for name, players := range bots {
		if here[name] != players {
			left = append(left, fmt.Sprintf("session %s has %d of its %d players", name, here[name], players))
		}
	}
	slices.Sort(left)
	return left
}

// short is the last word of an enumeration's name.
func short(name string) string { return strings.ToLower(name[strings.LastIndexByte(name, '_')+1:]) }

// withoutJoiners leaves the joiners' sessions out.
func withoutJoiners(sessions []*greenroomv1.Session) []*greenroomv1.Session {
	return slices.DeleteFunc(slices.Clone(sessions), func(s *greenroomv1.Session) bool { return s.GetRoute() == joinerRoute })
}
