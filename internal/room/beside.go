package room

import "sync"

// Beside is where a door keeps what is its own and lives as long as the room, by keys of its own types. The room
// does not look at it.
func (r *Room) Beside() *sync.Map { return &r.beside }
