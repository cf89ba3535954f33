package scale

import (
	"cmp"
	"math"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Stage is what a server gives to its fleet's capacity.
type Stage uint8

// Stages. All but Leaving and Trial count towards the fleet's minimum, all towards its maximum.
const (
	Coming   Stage = iota // started, not ready yet
	Warm                  // ready, to be opened
	Serving               // open, takes sessions
	Doubtful              // silent, cordoned or not greeted again: gives nothing for now
	Leaving               // draining, stopping or dead
	Trial                 // started to see whether it gets ready: nobody counts on it
)

// Server is what scaling needs to know of a server.
type Server struct {
	ID        model.ServerID
	Stage     Stage
	FreeSlots int // session slots a new session would find
	Slots     int // in all
	Sessions  int
	Active    int // sessions with players
	Players   int // seats reserved and claimed
	Seats     int
	Load      *model.Load // nil: not known
	Empty     bool        // no session and no seat
	CreatedAt time.Time
	FilledAt  time.Time // a session last came to it
	Node      string    // "": not known
	Movable   bool      // its sessions can be handed over
	Avoided   bool      // sessions come to it last, or soon will: it is being replaced
	// Merging: it is Leaving so that it becomes free, has sessions left, and may serve again; not after MergeBy.
	Merging bool
	MergeBy time.Time
	// Stays: it is not taken away as surplus, because it is to replace another.
	Stays bool
	// Last: of servers as good it is opened last, and taken away first.
	Last bool
}

// census is the fleet by stage; open moves servers from warm to serving. The servers are those of the input, by index.
type census struct {
	warm, serving        []int
	coming, living, gone int
	free, slots          int           // on serving servers
	sessions             int           // on all servers
	active, players      int           // on all servers
	seatBound            int           // slots that are not free because their seats are taken
	oldestComing         time.Duration // how long the oldest coming server has been started
	load                 loads
}

// loads sums up what is known of the load of serving servers.
type loads struct {
	known    int     // servers that said it lately
	cpu      float64 // shares of their cores
	cpuKnown int
	network  float64 // bytes per second
}

// count takes the census, in the memory of the last one.
func (c *census) count(in *Input) {
	*c = census{warm: c.warm[:0], serving: slices.Grow(c.serving[:0], len(in.Servers))}
	for i := range in.Servers {
		s := &in.Servers[i]
		c.sessions += s.Sessions
		c.active += s.Active
		c.players += s.Players
		switch s.Stage {
		case Coming:
			c.coming++
			c.oldestComing = max(c.oldestComing, in.Now.Sub(s.CreatedAt))
		case Warm:
			c.warm = append(c.warm, i)
		case Serving:
			c.serving = append(c.serving, i)
			c.free += s.FreeSlots
			c.slots += s.Slots
			c.seatBound += max(0, s.Slots-s.FreeSlots-s.Sessions)
			c.load.add(s.Load, in.Now)
		}
		switch s.Stage {
		case Leaving:
			c.gone++
		case Trial:
		default:
			c.living++
		}
	}
}

// LoadMaxAge is the age from which on what a server said of its load is not looked at any more.
const LoadMaxAge = 30 * time.Second

func (l *loads) add(s *model.Load, now time.Time) {
	if s == nil || now.Sub(s.At) > LoadMaxAge {
		return
	}
	network, cpu := s.Received+s.Sent, s.CPU/s.CPULimit
	if finite(network) {
		l.known++
		l.network += network
	}
	if finite(cpu) {
		l.cpuKnown++
		l.cpu += cpu
	}
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// usable is how many servers serve, will serve, or stand ready to.
func (c *census) usable() int { return c.coming + len(c.warm) + len(c.serving) }

// used is how many session slots of serving servers are not free.
func (c *census) used() int { return c.slots - c.free }

// oldestFirst orders servers, given by index, by their age, those that are to be opened last behind the others.
func oldestFirst(servers []Server, order []int) {
	slices.SortFunc(order, func(a, b int) int {
		v, w := &servers[a], &servers[b]
		return cmp.Or(lastFirst(w, v), older(v, w))
	})
}

func lastFirst(a, b *Server) int {
	switch {
	case a.Last == b.Last:
		return 0
	case a.Last:
		return -1
	}
	return 1
}

func older(a, b *Server) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}
