package scale

import (
	"fmt"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// merge carries out what a decision says of consolidation.
func (w *story) merge(d Decision) (lines []string) {
	for _, b := range d.Back {
		s := w.find(b.ID)
		if !s.Merging {
			w.broken("%s: %s is taken back and was not given", w.at, s.ID)
		}
		s.Stage, s.Merging, s.FreeSlots = Serving, false, s.Slots-s.Sessions
		lines = append(lines, fmt.Sprintf("keep %s with %s: %s", s.ID, model.Count(s.Sessions, "session"), b.Reason))
	}
	for _, b := range d.Donors {
		s := w.find(b.ID)
		switch {
		case s.Stage != Serving || s.Empty || !s.Movable:
			w.broken("%s: %s is no donor", w.at, s.ID)
		case w.now.Sub(s.FilledAt) < w.spec.Scaling.Consolidation.MinStay:
			w.broken("%s: %s is given up, and a session came to it at %s", w.at, s.ID, s.FilledAt)
		}
		s.Stage, s.Merging, s.MergeBy = Leaving, true, w.now.Add(w.spec.Drain.Deadline/2)
		lines = append(lines, fmt.Sprintf("drain %s: %s", s.ID, b.Reason))
	}
	w.memory.Stopped(w.now, len(d.Donors))
	return lines
}

// handOver moves sessions off the servers that are given up, as fast as the fleet allows, and answers how many are left.
func (w *story) handOver() (left int) {
	w.moved = 0
	for _, s := range w.servers {
		if !s.Merging {
			continue
		}
		for s.Sessions > 0 && !w.unlinked {
			c := w.spec.Scaling.Consolidation
			to := w.fullest()
			if to == nil || c == nil || w.memory.MovesLeft(w.now, c) == 0 {
				break
			}
			w.memory.Moved(w.now, 1)
			w.moved++
			w.change(s, -1)
			w.change(to, 1)
		}
		if left += s.Sessions; s.Sessions == 0 {
			s.Merging = false
			w.goneAt[s.ID] = w.now.Add(2 * time.Second)
		}
	}
	return left
}

// fullest is the fullest open server with room; nil: there is none.
func (w *story) fullest() (best *Server) {
	for _, s := range w.servers {
		if s.Stage == Serving && s.FreeSlots > 0 && (best == nil || s.FreeSlots < best.FreeSlots) {
			best = s
		}
	}
	return best
}

func (w *story) find(id model.ServerID) *Server {
	for _, s := range w.servers {
		if s.ID == id {
			return s
		}
	}
	w.fail("no server %s", id)
	return nil
}

// each says how many sessions each server has.
func (w *story) each() string {
	var out strings.Builder
	for _, s := range w.servers {
		fmt.Fprintf(&out, "%s %d", s.ID, s.Sessions)
		if s.Node != "" {
			fmt.Fprintf(&out, " on %s", s.Node)
		}
		out.WriteString("\n")
	}
	return out.String()
}
