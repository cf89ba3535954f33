package chaos

import (
	"fmt"
	"io"
	"time"
)

// remembered is how many events are kept for whoever asks what came before a rule was broken.
const remembered = 64

// happened is one event, as it is kept: it is put into words only when it is asked for.
type happened struct {
	at      time.Time
	what    string
	a, b    string
	number  uint64
	serial  uint64
	written bool
}

// trace keeps the last events, and writes all of them to out if there is one.
type trace struct {
	w    *World
	out  io.Writer
	ring [remembered]happened
	n    uint64
}

// note notes an event: it is part of the hash.
func (w *World) note(what, a, b string, number uint64) {
	w.loop.NoteText(what)
	w.loop.NoteText(a)
	w.loop.NoteText(b)
	w.loop.Note("", number)
	t := w.trace
	t.n++
	e := &t.ring[t.n%remembered]
	*e = happened{at: w.loop.Now(), what: what, a: a, b: b, number: number, serial: t.n, written: true}
	if t.out != nil {
		fmt.Fprintln(t.out, e)
	}
}

// String puts the event into a line.
func (e *happened) String() string {
	return fmt.Sprintf("%9.4f  %-22s %-16s %-16s %d", e.at.Sub(begins).Seconds(), e.what, e.a, e.b, e.number)
}

// last answers the last events, the oldest first.
func (t *trace) last() (lines []string) {
	for i := uint64(1); i <= remembered; i++ {
		if e := &t.ring[(t.n+i)%remembered]; e.written {
			lines = append(lines, e.String())
		}
	}
	return lines
}
