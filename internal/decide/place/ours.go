package place

import "greenroom.dev/greenroom/internal/model"

// Count is what is on a server, by one who counts; below 0: not said.
type Count struct{ Sessions, Players int }

// Others is what came to a static server another way, as players do while a migration is under way: what it says that is on it
// beyond what is known here. It is to be reckoned when the server speaks, with what is known then: what is placed afterwards is
// none of it. What was placed and is not there yet counts among it until the server speaks again, and the server itself refuses
// what is too much.
func Others(known, said Count) Count {
	return Count{max(0, said.Sessions-known.Sessions), max(0, said.Players-known.Players)}
}

// Ours is the part of a static server's capacity that is Greenroom's to give beside what others have there.
func Ours(whole model.Capacity, others Count) model.Capacity {
	whole.Sessions = max(0, whole.Sessions-others.Sessions)
	whole.Seats = max(0, whole.Seats-others.Players)
	return whole
}
