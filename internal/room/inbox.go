package room

import "sync"

// inbox is what came in since the last tick. Its first message wakes the room, and whatever is urgent.
type inbox struct {
	mu        sync.Mutex
	inputs    []input
	bytes     int
	messages  int
	round     uint64 // counts the takes
	controls  []func(*Room)
	urgent    bool
	signalled bool // the room was woken since the last take
	closed    bool

	taken []input // of the current tick; the owner's
	wake  chan struct{}
}

// input is a member's message, or what a door says of its connection.
type input struct {
	link *Link
	kind inputKind
	msg  Message
	// rejected: the reason the message is refused for (kind inputReject).
	code     uint64
	sentence string
	change   any // kind inputChange; inputLost: a Loss
}

type inputKind byte

const (
	inputMessage inputKind = iota
	inputPosition
	inputReject
	inputJoin
	inputChange
	inputLost
	inputLeave
)

func newInbox() inbox { return inbox{wake: make(chan struct{}, 1), round: 1} }

// put takes in unless the room is over or, for a message, the inbox is full.
func (b *inbox) put(in input) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrOver
	}
	switch in.kind {
	case inputMessage:
		if b.messages >= MaxInboxMessages || b.bytes+in.msg.size() > MaxInboxBytes {
			b.mu.Unlock()
			return ErrBusy
		}
		b.messages++
		b.bytes += in.msg.size()
	case inputReject:
		if len(b.inputs) >= 2*MaxInboxMessages {
			b.mu.Unlock()
			return ErrBusy
		}
	default:
		b.urgent = true
	}
	b.inputs = append(b.inputs, in)
	b.signal(in.kind != inputMessage && in.kind != inputReject)
	return nil
}

// place is where an input stands in the inbox until the take that ends round.
type place struct {
	round uint64
	at    int
}

// putPosition takes a position in place of the link's earlier one that still waits, so that a room holds at most one for
// each connection.
func (b *inbox) putPosition(l *Link, m Message) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrOver
	}
	if w := l.waiting; w.round == b.round {
		b.inputs[w.at].msg = m
		b.mu.Unlock()
		return nil
	}
	l.waiting = place{b.round, len(b.inputs)}
	b.inputs = append(b.inputs, input{kind: inputPosition, link: l, msg: m})
	b.signal(false)
	return nil
}

// control has f called at the next tick, which it hurries.
func (b *inbox) control(f func(*Room)) error { return b.post(true, f) }

// post has f called at the next tick, which it may hurry.
func (b *inbox) post(hurry bool, f func(*Room)) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrOver
	}
	b.controls = append(b.controls, f)
	b.urgent = b.urgent || hurry
	b.signal(true)
	return nil
}

// signal unlocks and wakes the room: for what cannot wait for another input, or for the first of a tick's inputs, since the room then knows that
// it has to tick. Thousands a second would each cost a switch of goroutines.
func (b *inbox) signal(always bool) {
	known := b.signalled && !always
	b.signalled = true
	b.mu.Unlock()
	if known {
		return
	}
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *inbox) takeControls() []func(*Room) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.controls
	b.controls, b.urgent = nil, false
	return c
}

// take hands over the inputs; the slice is good until the next take.
func (b *inbox) take() []input {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.taken)
	b.taken, b.inputs = b.inputs, b.taken[:0]
	b.bytes, b.messages = 0, 0
	b.signalled = false
	b.round++
	return b.taken
}

func (b *inbox) isUrgent() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.urgent
}

// close refuses everything from now on and hands over what was left.
func (b *inbox) close() []input {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	left := b.inputs
	b.inputs, b.controls = nil, nil
	return left
}
