package place

import "greenroom.dev/greenroom/internal/model"

// Count is what is on a server, by one who counts; below 0: not said.
type Count struct{ Sessions, Players int }

// Ours is the part of a static server's capacity that is Greenroom's to give. What the server says that is on it beyond what is
// known here came another way, as players do while a migration is under way, and takes its room. What
// was placed since the server last said something counts among that: until it speaks again more looks free than is, and the
// server itself refuses what is too much.
func Ours(whole model.Capacity, known, said Count) model.Capacity {
	whole.Sessions = max(0, whole.Sessions-max(0, said.Sessions-known.Sessions))
	whole.Seats = max(0, whole.Seats-max(0, said.Players-known.Players))
	return whole
}
