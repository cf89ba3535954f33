package room

import (
	"net"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Outbox is the queue between a room and one connection's writer. Its slices are shared and never changed; the writer
// takes all there are and hands them to the kernel in one call. Any goroutine may use it.
type Outbox struct {
	limit int
	age   time.Duration

	mu          sync.Mutex
	items       []outItem
	queued      int // counted bytes in items
	flight      int // counted bytes the writer is at
	owed        int // all bytes the writer is at
	writing     bool
	queuedSince time.Time
	flightSince time.Time
	finished    bool // end after what is queued
	broken      bool // end now

	wake chan struct{}
}

type outItem struct {
	b     []byte
	class outClass
}

type outClass byte

const (
	outShared  outClass = iota // counted, may be dropped
	outPrivate                 // counted, never dropped
	outGranted                 // not counted, never dropped
)

// NewOutbox makes a queue of at most limit counted bytes, none of them older than model.DefaultMaxMemberQueueAge.
func NewOutbox(limit int) *Outbox {
	return &Outbox{limit: limit, age: model.DefaultMaxMemberQueueAge, wake: make(chan struct{}, 1)}
}

// Age changes the bound on how old what waits may get.
func (o *Outbox) Age(limit time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.age = limit
}

// Limit changes the bound on the bytes.
func (o *Outbox) Limit(bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.limit = bytes
}

// Offer queues a tick's bytes. False: the queue would hold more than its limit, or holds something older than
// its age; nothing was queued.
func (o *Outbox) Offer(b []byte, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finished || o.broken {
		return true // it is being closed; there is nobody to be slow
	}
	if waiting := o.queued + o.flight; waiting > 0 && waiting+len(b) > o.limit {
		return false
	}
	since := o.flightSince
	if !o.writing {
		since = o.queuedSince
	}
	if !since.IsZero() && now.Sub(since) > o.age {
		return false
	}
	if o.queuedSince.IsZero() {
		o.queuedSince = now
	}
	o.items = append(o.items, outItem{b, outShared})
	o.queued += len(b)
	return true
}

// Push queues what is for this connection alone. A queue beyond twice its limit breaks the connection.
func (o *Outbox) Push(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finished || o.broken {
		return
	}
	o.items = append(o.items, outItem{b, outPrivate})
	o.queued += len(b)
	if o.queued+o.flight > 2*o.limit {
		o.broken = true
		o.signal()
	}
}

// Grant queues what does not count against the limit.
func (o *Outbox) Grant(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.finished && !o.broken {
		o.items = append(o.items, outItem{b, outGranted})
	}
}

// Drop forgets what was offered and not taken by the writer, shows each slice to dropped and tells the bytes.
func (o *Outbox) Drop(dropped func(b []byte)) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	kept := o.items[:0]
	for _, it := range o.items {
		if it.class != outShared {
			kept = append(kept, it)
			continue
		}
		n += len(it.b)
		if dropped != nil {
			dropped(it.b)
		}
	}
	clear(o.items[len(kept):])
	o.items = kept
	o.queued -= n
	return n
}

// Owed tells all bytes that are not written yet, those too that do not count.
func (o *Outbox) Owed() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.owed
	for _, it := range o.items {
		n += len(it.b)
	}
	return n
}

// Idle tells whether everything queued was written.
func (o *Outbox) Idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.items) == 0 && !o.writing
}

// Flush lets the writer go, if there is something to write.
func (o *Outbox) Flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.items) > 0 || o.finished || o.broken {
		o.signal()
	}
}

// Finish ends the writer after what is queued; nothing is queued any more.
func (o *Outbox) Finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	o.signal()
}

// Break ends the writer at once.
func (o *Outbox) Break() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broken = true
	o.signal()
}

// Finished tells whether Finish or Break was called, or the queue broke.
func (o *Outbox) Finished() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.finished || o.broken
}

func (o *Outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Run writes to conn until Finish (nil), Break (net.ErrClosed) or an error of conn. A Write that hangs ends by closing conn.
func (o *Outbox) Run(conn net.Conn) error {
	var taken []outItem
	var bufs [][]byte
	for {
		var end error
		var ended bool
		taken, end, ended = o.take(taken)
		if len(taken) == 0 {
			if ended {
				return end
			}
			<-o.wake
			continue
		}
		bufs = bufs[:0]
		for _, it := range taken {
			bufs = append(bufs, it.b)
		}
		err := WriteBuffers(conn, bufs)
		clear(bufs) // an idle connection holds nothing of what it was told
		if err != nil {
			o.Break()
			return err
		}
		clear(bufs) // an idle connection holds on to nothing
	}
}

// take starts a flight of everything queued.
func (o *Outbox) take(spare []outItem) (taken []outItem, end error, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(spare)
	o.flight, o.owed, o.writing, o.flightSince = 0, 0, false, time.Time{}
	if o.broken {
		o.items, o.queued = nil, 0
		return nil, net.ErrClosed, true
	}
	taken, o.items = o.items, spare[:0]
	if len(taken) == 0 {
		return nil, nil, o.finished
	}
	for _, it := range taken {
		o.owed += len(it.b)
	}
	o.flight, o.queued, o.writing = o.queued, 0, true
	o.flightSince, o.queuedSince = o.queuedSince, time.Time{}
	return taken, nil, false
}
