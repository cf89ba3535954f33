package memory

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// due says when to look at a reservation again. It stays when the seat is claimed, released or prolonged; what the seat
// says counts.
type due struct {
	at      int64 // Unix nanoseconds
	session *session
	seat    model.SeatID
}

// dueQueue gives what was pushed, the earliest first. Reservations last about equally long, so that nearly all come in
// order and stand in a line; the few that do not are kept in a heap beside it.
type dueQueue struct {
	line []due // in order; those before head are gone
	head int
	heap dueHeap
}

func (q *dueQueue) push(d due) {
	if n := len(q.line); n > q.head && d.at < q.line[n-1].at {
		q.heap.push(d)
		return
	}
	if len(q.line) == cap(q.line) && q.head > len(q.line)/2 {
		n := copy(q.line, q.line[q.head:])
		clear(q.line[n:])
		q.line, q.head = q.line[:n], 0
	}
	q.line = append(q.line, d)
}

// pop takes the earliest if it is due at now.
func (q *dueQueue) pop(now int64) (due, bool) {
	switch lined := q.head < len(q.line); {
	case len(q.heap) > 0 && q.heap[0].at <= now && (!lined || q.heap[0].at < q.line[q.head].at):
		return q.heap.pop(), true
	case lined && q.line[q.head].at <= now:
		d := q.line[q.head]
		q.line[q.head] = due{}
		q.head++
		return d, true
	default:
		return due{}, false
	}
}

// dueHeap is a binary heap, the earliest first.
type dueHeap []due

func (h *dueHeap) push(d due) {
	*h = append(*h, d)
	a, i := *h, len(*h)-1
	for i > 0 {
		up := (i - 1) / 2
		if a[up].at <= d.at {
			break
		}
		a[i], i = a[up], up
	}
	a[i] = d
}

func (h *dueHeap) pop() due {
	a := *h
	first, d := a[0], a[len(a)-1]
	a[len(a)-1] = due{}
	a = a[:len(a)-1]
	*h = a
	if len(a) == 0 {
		return first
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(a) {
			break
		}
		if down+1 < len(a) && a[down+1].at < a[down].at {
			down++
		}
		if d.at <= a[down].at {
			break
		}
		a[i], i = a[down], down
	}
	a[i] = d
	return first
}

// Expire implements registry.Sessions.
func (m *Memory) Expire(_ context.Context, now time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.overAll(now)
	return m.expire(now), nil
}

// expire frees the reservations that end at now or earlier.
func (m *Memory) expire(now time.Time) (freed int) {
	at := now.UnixNano()
	for {
		d, ok := m.due.pop(at)
		if !ok {
			break
		}
		if x := d.session; x.ended || x.seats.reserved() == 0 && x.promised == 0 {
			continue // so it is nearly always: it was claimed
		}
		i := d.session.seats.numbered(d.seat)
		if i < 0 {
			m.unpromise(d, at)
			continue
		}
		switch expires := d.session.seats.list[i].expires; {
		case expires == 0: // claimed
		case expires > at:
			m.due.push(due{at: expires, session: d.session, seat: d.seat})
		default:
			m.seatExpired(d.session)
			m.unseat(d.session, i)
			m.settle(d.session)
			freed++
		}
	}
	if freed > 0 {
		m.changed()
	}
	return freed
}

// unpromise ends a session that nobody came to once no ticket opens it any more.
func (m *Memory) unpromise(d due, now int64) {
	switch x := d.session; {
	case x.promised == 0:
	case x.promised > now:
		m.due.push(due{at: x.promised, session: x, seat: d.seat})
	default:
		x.promised = 0
		m.settle(x)
	}
}
