package mqtt

import (
	"strings"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// The parts of the names of docs/WIRE.md behind r/{room}/. The stage's topics stand beside the room's.
const (
	topicState    = "s/"
	topicEvent    = "e/"
	topicSignal   = "m/"
	topicPresence = "p/"
	topicPosition = "pos/"
	topicBatch    = "batch"
	topicMembers  = "sys/members"
	topicMoved    = "sys/reconnect"
	topicStage    = "stage/"
)

// place is what a topic of the room names.
type place struct {
	class  string // topicState, topicEvent, topicSignal, topicPosition
	player string
	name   string
}

// parseTopic reads a topic that a client publishes to. ours is false for topics that are not the room's to publish to;
// legal is false for those that cannot be topics at all.
func parseTopic(prefix, topic string) (p place, ours, legal bool) {
	if topic == "" || strings.ContainsAny(topic, "+#") {
		return p, false, false
	}
	rest, ok := strings.CutPrefix(topic, prefix)
	if !ok {
		return p, false, true
	}
	for _, class := range []string{topicState, topicEvent, topicSignal, topicPosition} {
		if name, ok := strings.CutPrefix(rest, class); ok {
			p.class, p.name = class, name
		}
	}
	switch p.class {
	case topicState, topicEvent:
		return p, p.name != "", p.name == "" || wire.ValidName(p.name)
	case topicSignal:
		if p.player, p.name, ok = strings.Cut(p.name, "/"); ok && model.ValidKey(p.player) && p.name != "" {
			return p, true, wire.ValidName(p.name)
		}
	case topicPosition:
		p.player, p.name = p.name, ""
		return p, model.ValidKey(p.player), true
	}
	return p, false, true
}

// validFilter tells whether s may be a topic filter (§4.7): "+" and "#" stand alone in their level, "#" last.
func validFilter(s string) bool {
	if s == "" {
		return false
	}
	for level, rest, more := next(s); ; level, rest, more = next(rest) {
		if strings.ContainsAny(level, "+#") && (len(level) > 1 || level == "#" && more) {
			return false
		}
		if !more {
			return true
		}
	}
}

func next(s string) (level, rest string, more bool) { return strings.Cut(s, "/") }

// reachable tells whether a valid filter can match a topic that player may be sent: one of its room, whose topics begin
// with prefix, or of the stage.
func reachable(filter, prefix, player string) bool {
	room, own := overlap(filter, prefix)
	if stage, _ := overlap(filter, topicStage); stage || !room {
		return stage
	}
	to, addressed := strings.CutPrefix(own, topicSignal)
	if !addressed {
		return true
	}
	level, _, _ := next(to)
	return level == "+" || level == "#" || level == player
}

// overlap matches a filter with the levels of a topic's beginning, which ends with "/"; rest is what the filter has left.
func overlap(filter, beginning string) (ok bool, rest string) {
	for beginning != "" {
		level, after, more := next(filter)
		if level == "#" {
			return true, "#"
		}
		want, others, _ := next(beginning)
		if !more || level != "+" && level != want {
			return false, ""
		}
		filter, beginning = after, others
	}
	return true, filter
}

// matches tells whether a valid filter matches a topic. Wildcards in the first level match no topic that begins with "$"
// (§4.7.2).
func matches(filter string, topic []byte) bool {
	if len(topic) > 0 && topic[0] == '$' && filter[0] != '$' {
		return false
	}
	t := 0
	for {
		level, rest, more := next(filter)
		if level == "#" {
			return true
		}
		if t > len(topic) {
			return false
		}
		end := t
		for end < len(topic) && topic[end] != '/' {
			end++
		}
		if level != "+" && level != string(topic[t:end]) {
			return false
		}
		t = end + 1
		if !more {
			return end == len(topic)
		}
		filter = rest
	}
}
