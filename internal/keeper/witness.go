package keeper

import (
	"maps"

	"greenroom.dev/greenroom/internal/model"
)

// witness tells Config.Became of the servers whose state is another than at the fleet's last tick. Servers that were there
// before this keeper are not new, and when they were started is not its to tell: until they are heard of, nothing is.
func (k *Keeper) witness(f *fleet, servers []model.Server) {
	if k.cfg.Became == nil {
		return
	}
	first := f.states == nil
	if first {
		f.states = map[model.ServerID]model.ServerState{}
	}
	for i := range servers {
		s := &servers[i]
		was, known := f.states[s.ID]
		unheard := s.State == model.ServerStarting && (known && was == model.ServerStateUnknown || !known && (first || k.isFound(s.ID)))
		switch {
		case unheard:
			f.states[s.ID] = model.ServerStateUnknown
			continue
		case known && was == s.State:
			continue
		case known && was != model.ServerStateUnknown, !known && !first:
			k.cfg.Became(was, *s)
		}
		f.states[s.ID] = s.State
	}
	if len(f.states) > len(servers) {
		there := make(map[model.ServerID]bool, len(servers))
		for i := range servers {
			there[servers[i].ID] = true
		}
		maps.DeleteFunc(f.states, func(id model.ServerID, _ model.ServerState) bool { return !there[id] })
	}
}

// isFound tells whether a server was found running at the start, and has not greeted since.
func (k *Keeper) isFound(id model.ServerID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, found := k.found[id]
	return found
}
