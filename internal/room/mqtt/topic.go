package mqtt

import (
	"strings"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Topic owns the names of docs/WIRE.md: r/{room}/s/{key}, /e/{name}, /m/{player}/{name}, /p/{player}, /sys/reconnect.

// place is what a topic of the room names.
type place struct {
	class  byte // 's', 'e', 'm'; others are 0
	player string
	name   string
}

// parseTopic reads a topic that a client publishes to. ok is false for topics that are not the room's to publish to; legal is
// false for those that cannot be topics at all.
func parseTopic(prefix, topic string) (p place, ok, legal bool) {
	if topic == "" || strings.ContainsAny(topic, "+#") {
		return p, false, false
	}
	rest, ok := strings.CutPrefix(topic, prefix)
	if !ok || len(rest) < 3 || rest[1] != '/' {
		return p, false, true
	}
	p.class, p.name = rest[0], rest[2:]
	switch p.class {
	case 's', 'e':
	case 'm':
		if p.player, p.name, ok = strings.Cut(p.name, "/"); !ok || !model.ValidKey(p.player) {
			return p, false, true
		}
	default:
		return p, false, true
	}
	return p, true, wire.ValidName(p.name)
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

// matches tells whether a valid filter matches a topic.
func matches(filter string, topic []byte) bool {
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
