package model

import (
	"cmp"
	"slices"
	"strings"
)

// StageMessage is one message to every room of a space.
type StageMessage struct {
	Route   RouteName
	Space   string // see InSpace
	Serial  uint64 // rises with every message of the route's stage
	Name    string
	Payload []byte // nobody may change it
	Retain  bool   // late joiners are shown the last one of its name; one without a payload forgets it
}

// StageReach is who a message of the stage is for, as servers last said.
type StageReach struct {
	Servers int // with rooms of the space
	Rooms   int
	Dropped int // older messages, waiting for servers that read slowly, that had to make room for it
}

// Bounds of a route's stage.
const (
	// MaxStagePerSecond is how many messages a route's stage takes a second, and MaxStageBurst how many at once: 50 of
	// 16 KiB are 800 KiB/s to every member there is.
	MaxStagePerSecond = 50
	MaxStageBurst     = 2 * MaxStagePerSecond
	// MaxShownBytes is what one stage may show to late joiners, by StageMessage.Bytes: each of them is sent all of it.
	MaxShownBytes = 256 << 10
	// MaxAllShownBytes is what all stages may show together: each server is welcomed with all of it, in one message.
	MaxAllShownBytes = 2 << 20
	// stageOverhead is counted for each message besides its texts.
	stageOverhead = 64
)

// Bytes is what the message counts for.
func (m StageMessage) Bytes() int { return stageOverhead + len(m.Space) + len(m.Name) + len(m.Payload) }

// InSpace tells whether a session belongs to a space: its key is the space or begins with it and a colon. The empty
// space has every session.
func InSpace(space string, key SessionKey) bool { return within(space, string(key)) }

// within tells whether the space or key inner belongs to outer.
func within(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (outer == "" || rest == "" || rest[0] == ':')
}

// Stage is what one route's stage shows to late joiners, whichever room they come into: to each room just what somebody
// knows who heard everything there. The zero Stage shows nothing.
type Stage struct {
	shown map[shownAt]StageMessage
	bytes int
}

type shownAt struct{ space, name string }

// Effect answers what Take will do: which messages go, and whether this one is kept.
func (s *Stage) Effect(m StageMessage) (gone []StageMessage, kept bool) {
	if !m.Retain {
		return nil, false
	}
	kept = len(m.Payload) > 0 // else only if it has to hide what a wider space shows
	for at, old := range s.shown {
		switch {
		case at.name != m.Name:
		case within(m.Space, at.space):
			gone = append(gone, old)
		case within(at.space, m.Space):
			kept = true
		}
	}
	return gone, kept
}

// Take takes a message that was published after all taken before.
func (s *Stage) Take(m StageMessage) {
	gone, kept := s.Effect(m)
	for _, old := range gone {
		delete(s.shown, shownAt{old.Space, old.Name})
		s.bytes -= old.Bytes()
	}
	if !kept {
		return
	}
	if s.shown == nil {
		s.shown = map[shownAt]StageMessage{}
	}
	s.shown[shownAt{m.Space, m.Name}] = m
	s.bytes += m.Bytes()
}

// Growth is how many bytes more are kept after Take; negative for fewer.
func (s *Stage) Growth(m StageMessage) int {
	gone, kept := s.Effect(m)
	n := 0
	for _, old := range gone {
		n -= old.Bytes()
	}
	if kept {
		n += m.Bytes()
	}
	return n
}

// Bytes is what is kept, by StageMessage.Bytes.
func (s *Stage) Bytes() int { return s.bytes }

// All answers what is kept, by serial: taken in this order, by a new Stage, it shows the same.
func (s *Stage) All() []StageMessage {
	all := make([]StageMessage, 0, len(s.shown))
	for _, m := range s.shown {
		all = append(all, m)
	}
	return bySerial(all)
}

// Shown answers what a late joiner of a session is shown: the last message of each name, by serial.
func (s *Stage) Shown(key SessionKey) []StageMessage {
	last := map[string]StageMessage{}
	for at, m := range s.shown {
		if InSpace(at.space, key) && m.Serial >= last[at.name].Serial {
			last[at.name] = m
		}
	}
	var all []StageMessage
	for _, m := range last {
		if len(m.Payload) > 0 {
			all = append(all, m)
		}
	}
	return bySerial(all)
}

func bySerial(all []StageMessage) []StageMessage {
	slices.SortFunc(all, func(a, b StageMessage) int { return cmp.Compare(a.Serial, b.Serial) })
	return all
}
