//go:build linux

package main

import (
	"slices"
	"sync"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// How long after its end a fault may still cut a player off: a client that hears nothing for 5 s asks, and gives up after
// as long again.
const (
	serverEcho  = 15 * time.Second
	networkEcho = 12 * time.Second
	// strayed: a player's client may still be on the way to where its session was so long ago.
	strayed = 12 * time.Second
)

// Victims that are not one server.
const (
	theNetwork = "the network" // between the players and every server
	thePlane   = "the control plane"
)

// harm is a fault and whom it was done to.
type harm struct {
	fault  fault
	victim string // a server, theNetwork or thePlane
	from   time.Time
	until  time.Time // with its echo; zero: it lasts
}

// ledger knows what was done to whom, and where sessions were, for the question who is to blame for a player's being cut off.
type ledger struct {
	mu     sync.Mutex
	harms  []*harm
	stays  map[string][]stay // by route/key, in the order of time
	states map[string]greenroomv1.ServerState
	lived  map[string]bool      // servers that were ready once
	left   map[string]time.Time // servers that drain or are gone: when they were last seen well
	seen   time.Time            // the last picture
}

// stay is a session's time on a server.
type stay struct {
	server string
	from   time.Time
}

func newLedger() *ledger {
	return &ledger{stays: map[string][]stay{}, states: map[string]greenroomv1.ServerState{}, lived: map[string]bool{}, left: map[string]time.Time{}}
}

// begin notes a fault; end that it is over.
func (l *ledger) begin(f fault, victim string, at time.Time) *harm {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &harm{fault: f, victim: victim, from: at}
	l.harms = append(l.harms, h)
	return h
}

func (l *ledger) end(h *harm, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.until = at.Add(serverEcho)
	if h.victim == theNetwork {
		h.until = at.Add(networkEcho)
	}
}

// see takes a picture in.
func (l *ledger) see(p picture, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range p.sessions {
		name := s.GetRoute() + "/" + s.GetKey()
		if known := l.stays[name]; s.GetServer() != "" && (len(known) == 0 || known[len(known)-1].server != s.GetServer()) {
			l.stays[name] = append(known, stay{s.GetServer(), at})
		}
	}
	here := map[string]bool{}
	for _, s := range p.servers {
		here[s.GetName()] = true
		l.states[s.GetName()] = s.GetState()
		switch s.GetState() {
		case greenroomv1.ServerState_SERVER_STATE_STARTING:
		case greenroomv1.ServerState_SERVER_STATE_READY, greenroomv1.ServerState_SERVER_STATE_OPEN, greenroomv1.ServerState_SERVER_STATE_CORDONED:
			l.lived[s.GetName()] = true
		default:
			l.leave(s.GetName(), at)
		}
	}
	for name := range l.states {
		if !here[name] {
			l.leave(name, at)
		}
	}
	l.seen = at
}

func (l *ledger) leave(server string, at time.Time) {
	if _, known := l.left[server]; known {
		return
	}
	if l.seen.IsZero() {
		l.seen = at
	}
	l.left[server] = l.seen
}

// murdered answers the servers that had served, and were declared dead though nothing was done to them (rule I9).
func (l *ledger) murdered() (servers []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for server, state := range l.states {
		harmed := slices.ContainsFunc(l.harms, func(h *harm) bool { return h.victim == server })
		if state == greenroomv1.ServerState_SERVER_STATE_UNHEALTHY && l.lived[server] && !harmed {
			servers = append(servers, server)
		}
	}
	return servers
}

// blame answers the fault that cut off a player of a session; none: nothing that was injected can have.
func (l *ledger) blame(session string, at time.Time) (fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var network, own *harm // the last of each
	for _, h := range l.harms {
		if at.Before(h.from) || !h.until.IsZero() && at.After(h.until) {
			continue
		}
		if h.victim == theNetwork {
			network = h
		} else if l.wasOn(session, h.victim, at) {
			own = h
		}
	}
	switch {
	case own != nil:
		return own.fault, true
	case network != nil:
		return network.fault, true
	}
	return fault{}, false
}

// wasOn tells whether a session was on a server a moment before.
func (l *ledger) wasOn(session, server string, at time.Time) bool {
	stays := l.stays[session]
	for i, s := range stays {
		over := i+1 < len(stays) && stays[i+1].from.Add(strayed).Before(at)
		if s.server == server && !over && !s.from.After(at.Add(time.Second)) { // a picture may be a moment old
			return true
		}
	}
	return false
}

// steps answers what was done to servers as steps of the history of joins: of a server that was harmed or has left, sessions
// may move.
func (l *ledger) steps() (history []op) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.harms {
		o := op{Do: doHarm, Server: h.victim, Call: h.from.UnixNano(), Return: forever, Note: string(h.fault.Kind)}
		switch {
		case h.fault.Kind == killPlane:
			o.Do, o.Server = doForget, ""
			o.Return = h.until.UnixNano()
		case h.victim == theNetwork || h.victim == thePlane:
			continue
		case h.fault.Kind == pauseServer:
			o.Return = h.until.UnixNano()
		}
		history = append(history, o)
	}
	for server, at := range l.left {
		history = append(history, op{Do: doHarm, Server: server, Call: at.UnixNano(), Return: forever, Note: "drained, or gone"})
	}
	return history
}
