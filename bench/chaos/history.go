//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// What an op does.
const (
	doJoin   = "join"   // a call of Join
	doEnter  = "enter"  // the ticket was shown, and opened the room
	doLeave  = "leave"  // the seat is given back
	doLapse  = "lapse"  // the seat is let go of without a word: it may become free from now on
	doHarm   = "harm"   // the server was harmed or drained: the session may move, and players may lose their seats
	doForget = "forget" // the control plane was killed: seats that nobody had claimed may be forgotten
)

// Outcomes of a join.
const (
	seated  = "seated"
	refused = "refused" // it had no effect
	unknown = "unknown" // nobody knows whether it had: a time-out, or a connection that was lost
)

// op is one step of the history of joins: what a client did and what came of it, or what was done to servers.
type op struct {
	Client  int    `json:"client"`
	Do      string `json:"do"`
	Key     string `json:"key"` // of the session, with its route; "": every session's
	Player  string `json:"player,omitempty"`
	Request string `json:"request,omitempty"` // the request's id
	Outcome string `json:"outcome,omitempty"`
	Server  string `json:"server,omitempty"` // the answer's, or the one that was harmed
	Seat    string `json:"seat,omitempty"`   // the ticket's
	Call    int64  `json:"call"`             // Unix nanoseconds
	Return  int64  `json:"return"`           // likewise; forever: it may have its effect at any time since
	Note    string `json:"note,omitempty"`
}

// forever is the Return of an op of which nobody knows when it has its effect.
const forever = math.MaxInt64

// seat is what one player has in a session.
type seat struct {
	player, id string
	claimed    bool
}

// place is a session as far as it is certain: where it is, and who sits in it. With nobody in it, it may have ended and be
// made anew anywhere.
type place struct {
	server string
	seats  []seat // by player
}

// sessionModel is rules I1 and I2 for one session, as its clients can see them: whoever is seated while others certainly have
// seats is seated beside them, on the same server; the seats that certainly are held are never more than capacity; and a
// player who joins again, by the same request or by another, gets the seat that is theirs and no second one.
//
// A join whose outcome is unknown changes nothing here: a seat that may be taken could only make the model stricter. Likewise
// seats are let go of at the earliest moment that is possible. So the model never refuses what is right, and what it refuses is wrong.
func sessionModel(capacity int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return place{} },
		Step: func(state, input, _ any) (bool, any) { return state.(place).step(input.(op), capacity) },
		Equal: func(a, b any) bool {
			return a.(place).server == b.(place).server && slices.Equal(a.(place).seats, b.(place).seats)
		},
		DescribeOperation: func(input, _ any) string { return input.(op).String() },
		DescribeState:     func(state any) string { return state.(place).String() },
	}
}

func (p place) step(o op, capacity int) (bool, place) {
	at, sits := slices.BinarySearchFunc(p.seats, o.Player, func(s seat, player string) int { return strings.Compare(s.player, player) })
	next := place{server: p.server, seats: slices.Clone(p.seats)}
	switch o.Do {
	case doJoin:
		if o.Outcome != seated {
			return true, p
		}
		if len(p.seats) > 0 && p.server != o.Server || sits && p.seats[at].id != o.Seat || !sits && len(p.seats) >= capacity {
			return false, p
		}
		next.server = o.Server
		if !sits {
			next.seats = slices.Insert(next.seats, at, seat{player: o.Player, id: o.Seat})
		}
	case doEnter:
		if sits {
			next.seats[at].claimed = true
		}
	case doLeave, doLapse:
		if sits {
			next.seats = slices.Delete(next.seats, at, at+1)
		}
	case doHarm:
		if p.server == o.Server {
			next.seats = nil
		}
	case doForget:
		next.seats = slices.DeleteFunc(next.seats, func(s seat) bool { return !s.claimed })
	}
	return true, next
}

// String is for the picture of a history.
func (o op) String() string {
	switch o.Do {
	case doHarm:
		return fmt.Sprintf("%s %s: %s", o.Do, o.Server, o.Note)
	case doForget:
		return "the control plane was killed"
	case doJoin:
		text := fmt.Sprintf("join %s (%s) → %s", o.Player, o.Request, o.Outcome)
		if o.Outcome == seated {
			text += fmt.Sprintf(" on %s, seat %s", o.Server, o.Seat)
		}
		return text
	}
	return o.Do + " " + o.Player
}

// String is for the picture of a history.
func (p place) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "on %s:", p.server)
	for _, s := range p.seats {
		fmt.Fprintf(&b, " %s(%s)", s.player, s.id)
		if s.claimed {
			b.WriteString("!")
		}
	}
	return b.String()
}

// split sorts a history by session. What was done to servers is in the history of every session that was seen there.
func split(history []op) map[string][]op {
	sessions, servers := map[string][]op{}, map[string]map[string]bool{}
	for _, o := range history {
		if o.Key == "" {
			continue
		}
		sessions[o.Key] = append(sessions[o.Key], o)
		if servers[o.Key] == nil {
			servers[o.Key] = map[string]bool{}
		}
		servers[o.Key][o.Server] = true
	}
	for key := range sessions {
		for _, o := range history {
			if o.Key == "" && (o.Do == doForget || servers[key][o.Server]) {
				sessions[key] = append(sessions[key], o)
			}
		}
	}
	return sessions
}

// refusal is a session whose history the model does not accept.
type refusal struct {
	key     string
	result  porcupine.CheckResult
	model   porcupine.Model
	details porcupine.LinearizationInfo
}

// check answers the sessions whose history is wrong, or could not be checked within patience each.
func check(history []op, capacity int, patience time.Duration) []refusal {
	model := sessionModel(capacity)
	var wrong []refusal
	for key, ops := range split(history) {
		var operations []porcupine.Operation
		for _, o := range ops {
			operations = append(operations, porcupine.Operation{ClientId: max(o.Client, 0), Input: o, Call: o.Call, Return: o.Return})
		}
		if result, details := porcupine.CheckOperationsVerbose(model, operations, patience); result != porcupine.Ok {
			wrong = append(wrong, refusal{key: key, result: result, model: model, details: details})
		}
	}
	slices.SortFunc(wrong, func(a, b refusal) int { return strings.Compare(a.key, b.key) })
	return wrong
}

// draw writes the picture of what was wrong.
func (r refusal) draw(path string) error { return porcupine.VisualizePath(r.model, r.details, path) }
