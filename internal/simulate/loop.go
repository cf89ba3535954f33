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

	now  int64 // Unix nanoseconds
	next uint64
	hash uint64
	done uint64

	heap  []happening           // what is due before reach: small, so that it stays in the processor's cache
	reach int64                 // the end of a slice
	later map[int64][]happening // by the slice that it is due in, in the order in which it was asked for
	spare [][]happening         // memory for more of them
}

// slice is what later is cut into.
const slice = int64(time.Second)

// sliceOf is the slice that a time is in; times before 1970 are below 0.
func sliceOf(at int64) int64 {
	n := at / slice
	if at%slice < 0 {
		n--
	}
	return n
}

// happening is a function and when to call it.
type happening struct {
	at  int64
	seq uint64
	do  func()
}

// NewLoop makes a loop whose clock stands at start.
func NewLoop(start time.Time, seed uint64) *Loop {
	now := start.UnixNano()
	return &Loop{
		Rand: rand.New(rand.NewPCG(seed, loopStream)), now: now, hash: hashSeed,
		reach: sliceOf(now) * slice, later: map[int64][]happening{},
	}
}

// loopStream and the like tell apart the random sources of one seed.
const (
	loopStream   = 1
	demandStream = 2
)

// Now is the virtual time, in UTC.
func (l *Loop) Now() time.Time { return time.Unix(0, l.now).UTC() }

// At has do called at a time; at once, but after what is asked for already, when the time is over.
func (l *Loop) At(t time.Time, do func()) { l.at(t.UnixNano(), do) }

// After has do called when d has passed.
func (l *Loop) After(d time.Duration, do func()) { l.at(l.now+int64(d), do) }

func (l *Loop) at(t int64, do func()) {
	l.next++
	h := happening{at: max(t, l.now), seq: l.next, do: do}
	if h.at < l.reach {
		l.push(h)
		return
	}
	n := sliceOf(h.at)
	list := l.later[n]
	if last := len(l.spare) - 1; list == nil && last >= 0 {
		list, l.spare = l.spare[last], l.spare[:last]
	}
	l.later[n] = append(list, h)
}

// due tells whether something is, before end. It fills the heap.
func (l *Loop) due(end int64) bool {
	for len(l.heap) == 0 {
		if len(l.later) == 0 || l.reach >= end {
			return false
		}
		n := sliceOf(l.reach)
		l.reach += slice
		list, any := l.later[n]
		if !any {
			continue
		}
		delete(l.later, n)
		for i := range list {
			l.push(list[i])
		}
		clear(list)
		l.spare = append(l.spare, list[:0])
	}
	return l.heap[0].at < end
}

// Run calls what is due before until, and stops the clock there. It ends early, with ctx's error, when ctx does; it can go
// on after that.
func (l *Loop) Run(ctx context.Context, until time.Time) error {
	end := until.UnixNano()
	for l.due(end) {
		if l.done++; l.done%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		h := l.pop()
		l.now = h.at
		l.Note("at", uint64(h.at))
		h.do()
		if l.Then != nil {
			l.Then()
		}
	}
	l.now = max(l.now, end)
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

// push and pop keep a heap of four children a node: flatter than a binary one, and so with fewer misses of the cache.
func (l *Loop) push(h happening) {
	l.heap = append(l.heap, h)
	a, i := l.heap, len(l.heap)-1
	for i > 0 {
		up := (i - 1) / 4
		if !before(&h, &a[up]) {
			break
		}
		a[i], i = a[up], up
	}
	a[i] = h
}

func (l *Loop) pop() happening {
	a := l.heap
	first, last := a[0], a[len(a)-1]
	a[len(a)-1] = happening{}
	a = a[:len(a)-1]
	l.heap = a
	if len(a) == 0 {
		return first
	}
	i := 0
	for {
		least := 4*i + 1
		if least >= len(a) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(a)); c++ {
			if before(&a[c], &a[least]) {
				least = c
			}
		}
		if !before(&a[least], &last) {
			break
		}
		a[i], i = a[least], least
	}
	a[i] = last
	return first
}

func before(a, b *happening) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }
