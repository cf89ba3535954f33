package client

import "time"

// Name is the session's: its route and key.
func (r *Room) Name() (route, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.route, r.key
}

// Player is this room's player.
func (r *Room) Player() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.journey.place.Player
}

// Member is this player's number in the room.
func (r *Room) Member() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view.member
}

// Tick is how often the room sends what changed.
func (r *Room) Tick() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tick
}

// Members is a copy of who is in the room: players by member number.
func (r *Room) Members() map[uint64]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	members := make(map[uint64]string, len(r.view.members))
	for member, player := range r.view.members {
		members[member] = player
	}
	return members
}

// Get is a copy of a key's state, as this client has it.
func (r *Room) Get(key string) (State, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.view.entries[key]
	if e == nil {
		return State{}, false
	}
	return State{Owner: e.owner, Version: e.version, Value: append([]byte(nil), e.value...)}, true
}

// State is a copy of all state the room keeps, as this client has it.
func (r *Room) State() map[string]State {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[string]State, len(r.view.entries))
	for key, e := range r.view.entries {
		all[key] = State{Owner: e.owner, Version: e.version, Value: append([]byte(nil), e.value...)}
	}
	return all
}

// Waiting is how many messages the room has not acknowledged.
func (r *Room) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.outbox.waiting)
}

// Status is where the connection is.
func (r *Room) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Stats counts what the room went through.
func (r *Room) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view.stats
}

// Err is why the room is over: a *ClosedError; nil while it is not, and after Leave or Close.
func (r *Room) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}
