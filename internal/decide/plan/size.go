package plan

import "greenroom.dev/greenroom/internal/decide/scale"

// Size is what a plan makes of the number of servers: what others scale by, and what is drawn behind what there is.
// Servers that leave are not in it.
type Size struct {
	Known   bool // false while nothing can be decided, as right after a restart
	Wanted  int  // within the fleet's bounds; what pauses after failed starts and limits of starts hold back is in it
	Desired int  // as if there were no maximum
}

// size follows from the servers that there are and the decision about them.
func size(servers []scale.Server, d scale.Decision) Size {
	n := d.Later - len(d.Remove) - len(d.Donors) + len(d.Back)
	for i := range servers {
		if servers[i].Stage != scale.Leaving {
			n++
		}
	}
	for _, s := range d.Starts {
		n += s.Count
	}
	return Size{Known: true, Wanted: n, Desired: n + d.Over}
}
