package simulate

import (
	"context"
	"math/rand/v2"
	"time"
)

// Loop is a virtual clock with what is to happen on it. Everything that happens in a simulation is a function that the loop
// calls, one after the other, the earliest first and those of one moment in the order in which they were asked for. There
// is one source of randomness for it, and one hash of everything that was noted: the same seed and the same functions give
// the same hash. A Loop belongs to one goroutine.
type Loop struct {
	Rand *rand.Rand // the only one that what happens may use
	Then func()     // called after everything that happens; nil: nothing

	now    int64     // Unix nanoseconds
	time   time.Time // the same, as Now answers it
	hash   uint64
	done   uint64
	agenda *agenda[Happening]
}

// Happening is what is due. Things that often have something due are happenings themselves, and need no function made for it.
type Happening interface{ Happen() }

// call is any other.
type call func()

// Happen implements Happening.
func (c call) Happen() { c() }

// NewLoop makes a loop whose clock stands at start.
func NewLoop(start time.Time, seed uint64) *Loop {
	now := start.UnixNano()
	l := &Loop{Rand: rand.New(rand.NewPCG(seed, loopStream)), hash: hashSeed, agenda: newAgenda[Happening](now)}
	l.turnTo(now)
	return l
}

// turnTo sets the clock.
func (l *Loop) turnTo(now int64) { l.now, l.time = now, time.Unix(0, now).UTC() }

// loopStream and the like tell apart the random sources of one seed.
const (
	loopStream   = 1
	demandStream = 2
)

// Now is the virtual time, in UTC.
func (l *Loop) Now() time.Time { return l.time }

// At has do called at a time; at once, but after what is asked for already, when the time is over.
func (l *Loop) At(t time.Time, do func()) { l.at(t.UnixNano(), call(do)) }

// After has do called when d has passed.
func (l *Loop) After(d time.Duration, do func()) { l.Due(d, call(do)) }

// Due has something happen when d has passed.
func (l *Loop) Due(d time.Duration, what Happening) { l.at(l.now+int64(d), what) }

func (l *Loop) at(t int64, what Happening) { l.agenda.put(max(t, l.now), what) }

// Run calls what is due before until, and stops the clock there. It ends early, with ctx's error, when ctx does; it can go
// on after that.
func (l *Loop) Run(ctx context.Context, until time.Time) error {
	end := until.UnixNano()
	for {
		if l.done%1024 == 1023 && ctx.Err() != nil {
			return ctx.Err()
		}
		at, what, ok := l.agenda.take(end)
		if !ok {
			break
		}
		l.done++
		l.turnTo(at)
		l.Note("at", uint64(at))
		what.Happen()
		if l.Then != nil {
			l.Then()
		}
	}
	l.turnTo(max(l.now, end))
	return ctx.Err()
}

// Done counts what was called.
func (l *Loop) Done() uint64 { return l.done }

const hashSeed = 0xcbf29ce484222325

// Note adds a fact to the hash: a word and numbers.
func (l *Loop) Note(what string, numbers ...uint64) {
	l.NoteText(what)
	for _, n := range numbers {
		l.mix(n)
	}
}

// NoteText adds a text to the hash.
func (l *Loop) NoteText(text string) {
	h := l.hash
	for i := range len(text) { // FNV-1a
		h = (h ^ uint64(text[i])) * 0x100000001b3
	}
	l.hash = h
	l.mix(uint64(len(text)))
}

func (l *Loop) mix(n uint64) {
	h := (l.hash ^ n) * 0x9e3779b97f4a7c15
	l.hash = h ^ h>>29
}

// Hash is that of everything noted so far, and of when what was called.
func (l *Loop) Hash() uint64 { return l.hash }
