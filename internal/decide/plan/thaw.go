package plan

import (
	"fmt"

	"greenroom.dev/greenroom/internal/model"
)

// thaw lets the sessions of servers that were found again go on: the control plane that froze one of them to hand it over is no
// more. It waits for all servers from before the restart: another may have the session with a newer generation.
func (p *planner) thaw() {
	if len(p.in.Frozen) == 0 || p.recovering() {
		return
	}
	for i := range p.in.Servers {
		if s := &p.in.Servers[i]; p.in.Frozen[s.ID] {
			p.act(Thaw, s, "what was frozen on it before the restart goes on: the other servers were heard of, or had their time")
		}
	}
}

// recovering tells whether servers from before a restart are waited for.
func (p *planner) recovering() bool { return p.in.Now.Before(p.in.FoundBy) }

// frozen says why none of the server's sessions may be handed over yet, "" if they may. What it froze before a restart may live
// elsewhere by now, and what is left here of such a session must not be placed anew.
func (p *planner) frozen(s *model.Server) string {
	switch {
	case !p.in.Frozen[s.ID]:
		return ""
	case p.recovering():
		return fmt.Sprintf("hand-overs wait until the servers that were linked before the restart have been heard of, at most until %s",
			p.in.FoundBy.UTC().Format("15:04:05 MST"))
	default:
		return "hand-overs wait until it was told that what was frozen before the restart goes on"
	}
}
