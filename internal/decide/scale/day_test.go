package scale

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/bound"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// day is a fleet under a demand, second by second: sessions come by chance at the rate that demand says, stay for a time
// that is exponential, and go to the fullest open server with a free slot; servers take boot to be ready.
type day struct {
	spec     model.FleetSpec
	demand   func(second int) float64 // sessions a second
	sessions map[int][]float64        // instead of demand: the stays of those that begin in a second
	outlook  func(now time.Time) Outlook
	stay     float64 // seconds
	boot     [2]int  // seconds, from and up to
	seconds  int
	seed     uint64
	batch    int // sessions that begin together; 0: 1
	decide   func(Input) Decision
	warm     int // open servers at the start
	onSecond func(second int, w *dayWorld, d Decision)
}

// spent is what a day took.
type spent struct {
	serverHours, bound    float64
	occupied              float64 // server-hours of servers with a session
	joins, waited, failed int
	starts, peak          int
	failedAt              []int
	longest               int // wait, in seconds
}

func (s spent) ratio() float64 { return s.serverHours / s.bound }

func (s spent) String() string {
	return fmt.Sprintf("%7.1f h, bound %7.1f: x%.3f (x%.3f in use); %d joins, %.3f%% waited (%d s at most), %d failed; %d starts, %d at the peak",
		s.serverHours, s.bound, s.ratio(), s.occupied/s.bound, s.joins, 100*float64(s.waited)/float64(max(1, s.joins)), s.longest, s.failed, s.starts, s.peak)
}

// maxWait is how long a join waits before it fails, in seconds.
const maxWait = 10

type dayServer struct {
	Server
	readyAt int
	goneAt  int // 0: not told to go
}

type dayWorld struct {
	cfg     *day
	rng     *rand.Rand
	now     int
	servers []*dayServer
	ends    endings
	waiting []waiter // oldest first
	begun   uint64
	born    int
	memory  Memory
	meter   *bound.Meter
	out     spent
}

type ending struct {
	at     float64
	server *dayServer
}

type endings []ending

func (e endings) Len() int           { return len(e) }
func (e endings) Less(i, j int) bool { return e[i].at < e[j].at }
func (e endings) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *endings) Push(x any)        { *e = append(*e, x.(ending)) }
func (e *endings) Pop() any {
	x := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return x
}

var midnight = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func (cfg day) run() spent {
	w := &dayWorld{cfg: &cfg, rng: rand.New(rand.NewPCG(cfg.seed, 1))}
	if cfg.decide == nil {
		cfg.decide = Decide
	}
	c := cfg.spec.Capacity.Sessions
	w.meter = bound.New(bound.Server{
		Slots: c, Seats: math.MaxInt32, Boot: time.Duration(cfg.boot[0]) * time.Second, Min: cfg.spec.Min, Present: cfg.warm,
	}, w.clock())
	for range cfg.warm {
		w.start(0).Stage = Serving
	}
	for w.now = range cfg.seconds {
		w.second()
	}
	w.out.bound = w.meter.Total(w.clock()).ServerHours
	return w.out
}

func (w *dayWorld) start(boot int) *dayServer {
	w.born++
	w.out.starts++
	c := w.cfg.spec.Capacity.Sessions
	s := &dayServer{Server: Server{
		ID: model.ServerID(fmt.Sprintf("s%06d", w.born)), FreeSlots: c, Slots: c, Seats: c * 10, Empty: true, CreatedAt: w.clock(),
	}, readyAt: w.now + boot}
	w.servers = append(w.servers, s)
	return s
}

func (w *dayWorld) clock() time.Time { return midnight.Add(time.Duration(w.now) * time.Second) }

func (w *dayWorld) second() {
	for len(w.ends) > 0 && w.ends[0].at <= float64(w.now) {
		e := heap.Pop(&w.ends).(ending)
		w.meter.Add(w.clock(), bound.Change{Sessions: -1})
		e.server.FreeSlots++
	}
	kept := w.servers[:0]
	for _, s := range w.servers {
		if s.Stage == Coming && s.readyAt <= w.now {
			s.Stage = Warm
		}
		if s.goneAt == 0 || w.now < s.goneAt {
			kept = append(kept, s)
		}
	}
	w.servers = kept
	w.arrive()
	w.decide()
	w.serve()
	w.out.serverHours += float64(len(w.servers)) / 3600
	w.out.peak = max(w.out.peak, len(w.servers))
	w.out.occupied += float64(w.occupied()) / 3600
}

func (w *dayWorld) arrive() {
	stays := w.cfg.sessions[w.now]
	if w.cfg.sessions == nil {
		for range w.poisson(w.cfg.demand(w.now)/float64(max(1, w.cfg.batch))) * max(1, w.cfg.batch) {
			stays = append(stays, w.rng.ExpFloat64()*w.cfg.stay)
		}
	}
	for _, stay := range stays {
		w.waiting = append(w.waiting, waiter{w.now, stay})
		w.out.joins++
	}
	w.serve()
}

// waiter is a session that is to begin.
type waiter struct {
	since int
	stay  float64 // seconds
}

func (w *dayWorld) occupied() (n int) {
	for _, s := range w.servers {
		if s.FreeSlots < s.Slots {
			n++
		}
	}
	return n
}

// serve places those who wait, the first first.
func (w *dayWorld) serve() {
	for len(w.waiting) > 0 {
		since := w.waiting[0].since
		if w.now-since > maxWait {
			w.out.failed++
			w.out.failedAt = append(w.out.failedAt, w.now)
		} else if !w.place(w.waiting[0].stay) {
			break
		}
		if w.now > since {
			w.out.waited++
			w.out.longest = max(w.out.longest, w.now-since)
		}
		w.waiting = w.waiting[1:]
	}
}

func (w *dayWorld) place(stay float64) bool {
	var best *dayServer
	for _, s := range w.servers {
		if s.Stage == Serving && s.FreeSlots > 0 && (best == nil || s.FreeSlots < best.FreeSlots) {
			best = s
		}
	}
	if best == nil {
		return false
	}
	best.FreeSlots--
	w.begun++
	w.meter.Add(w.clock(), bound.Change{Sessions: 1})
	heap.Push(&w.ends, ending{float64(w.now) + stay, best})
	return true
}

func (w *dayWorld) decide() {
	in := Input{Spec: w.cfg.spec, Waiting: len(w.waiting), Memory: w.memory, Now: w.clock()}
	if w.cfg.outlook != nil {
		in.Outlook = w.cfg.outlook(in.Now)
	}
	in.Outlook.Begun = w.begun
	for _, s := range w.servers {
		s.Sessions = s.Slots - s.FreeSlots
		s.Active, s.Players, s.Empty = s.Sessions, s.Sessions, s.Sessions == 0
		in.Servers = append(in.Servers, s.Server)
	}
	d := w.cfg.decide(in)
	for _, s := range w.servers {
		for _, id := range d.Opens {
			if s.ID == id {
				s.Stage = Serving
			}
		}
		for _, id := range d.Remove {
			if s.ID == id {
				s.Stage, s.goneAt = Leaving, w.now+2
			}
		}
	}
	for _, st := range d.Starts {
		for range st.Count {
			w.start(w.cfg.boot[0] + w.rng.IntN(w.cfg.boot[1]-w.cfg.boot[0]+1))
		}
		d.Memory.Started(in.Now, st.Count)
	}
	d.Memory.Stopped(in.Now, len(d.Remove))
	w.memory = d.Memory
	if w.cfg.onSecond != nil {
		w.cfg.onSecond(w.now, w, d)
	}
}

func (w *dayWorld) poisson(mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*w.rng.NormFloat64())))
	}
	n, p, limit := 0, 1.0, math.Exp(-mean)
	for {
		p *= w.rng.Float64()
		if p < limit {
			return n
		}
		n++
	}
}

// curve is a day of voice chat: quiet at five in the morning, busiest at 21:00, and quiet is a share of busiest.
func curve(busiest, quiet float64) func(int) float64 {
	return func(second int) float64 {
		phase := 2 * math.Pi * (float64(second)/3600 - 21) / 24
		wave := (1 + math.Cos(phase)) / 2
		return busiest * (quiet + (1-quiet)*wave*wave)
	}
}

// crowd multiplies a demand by up to times, from begin over rise seconds, for hold, and falls over fall.
func crowd(base func(int) float64, times float64, begin, rise, hold, fall int) func(int) float64 {
	return func(s int) float64 {
		x := 0.0
		switch t := s - begin; {
		case t < 0 || t > rise+hold+fall:
		case t < rise:
			x = float64(t) / float64(rise)
		case t < rise+hold:
			x = 1
		default:
			x = 1 - float64(t-rise-hold)/float64(fall)
		}
		return base(s) * (1 + (times-1)*x)
	}
}

// steps is a demand that changes once a minute, as a trace's does.
func steps(demand func(int) float64) func(int) float64 {
	return func(s int) float64 { return demand(s / 60 * 60) }
}

// generated is a trace's keyed sessions: when each begins, and how long until the last of its players has left.
func generated(t *testing.T, name string, o trace.Options) (sessions map[int][]float64, seconds int) {
	t.Helper()
	g, err := trace.Generate(name, o)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(o.Seed, 2))
	sessions = make(map[int][]float64)
	for i := range g.Trace.Rows {
		r := &g.Trace.Rows[i]
		if r.Sessions == 0 {
			continue
		}
		begins, ends := make([]float64, r.Sessions), make([]float64, r.Sessions)
		for j := range r.Joins {
			k := j
			at := rng.Float64() * g.Trace.Step.Seconds()
			if j >= r.Sessions {
				k = rng.IntN(r.Sessions)
				at = begins[k] + rng.Float64()*(g.Trace.Step.Seconds()-begins[k])
			} else {
				begins[k] = at
			}
			ends[k] = max(ends[k], at+r.DrawStay(rng).Seconds())
		}
		from := r.At.Sub(g.Trace.Start).Seconds()
		for k := range begins {
			sessions[int(from+begins[k])] = append(sessions[int(from+begins[k])], ends[k]-begins[k])
		}
	}
	return sessions, int(g.Trace.End().Sub(g.Trace.Start).Seconds())
}
