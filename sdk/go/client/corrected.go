package client

import "greenroom.dev/greenroom/internal/room/wire"

// corrected takes the place that the room's game gave this player. What the player said before it is not said again.
func (r *Room) corrected(payload []byte) error {
	c, err := wire.DecodeCorrection(payload)
	if err != nil {
		return err
	}
	var at Position
	r.mu.Lock()
	r.standing.said, r.standing.due = c.At != nil, false
	if c.At != nil {
		at = r.view.positions.units(c.At)
		at.Data = append([]byte(nil), at.Data...)
	}
	r.standing.at = at
	r.mu.Unlock()
	if tell := r.options.Handler.Corrected; tell != nil {
		tell(at, c.At != nil)
	}
	return nil
}
