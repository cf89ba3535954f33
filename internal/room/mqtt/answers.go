package mqtt

import (
	"slices"

	"greenroom.dev/greenroom/internal/room/wire"
)

// ack is what a PUBLISH of QoS 1 or 2 is answered with once the room took or rejected everything up to seq.
type ack struct {
	seq      uint64
	kind     byte
	id       uint16
	reason   byte
	sentence string
}

// expect queues an answer, or gives it at once if it waits for nothing.
func (c *conn) expect(a ack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.seq > c.answered || len(c.acks) > 0 {
		c.acks = append(c.acks, a)
		if a.kind == typePuback {
			c.ones++
		}
		return
	}
	c.out.Push(c.appendAnswer(nil, &a))
	c.out.Flush()
}

// Ack answers the messages up to seq, in the order in which they came (§4.6).
func (c *conn) Ack(seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered = max(c.answered, seq)
	n := 0
	var b []byte
	for ; n < len(c.acks) && c.acks[n].seq <= seq; n++ {
		b = c.appendAnswer(b, &c.acks[n])
		if c.acks[n].kind == typePuback {
			c.ones--
		}
	}
	if c.acks = c.acks[n:]; len(c.acks) == 0 {
		c.acks = nil
	}
	if n > 0 {
		c.out.Push(b)
	}
}

// appendAnswer appends an answer; a QoS 2 message that is refused is over with it. mu is held.
func (c *conn) appendAnswer(b []byte, a *ack) []byte {
	if a.kind == typePubrec && a.reason >= 0x80 {
		c.session.finish(c, a.id)
	}
	return appendAck(b, c.level, a.kind, a.id, a.reason, c.problem(a.sentence))
}

// Reject keeps the reason for the answer; 3.1.1 has no way to tell it.
func (c *conn) Reject(r wire.Reject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.acks {
		if a := &c.acks[i]; a.seq == r.Seq && a.reason == 0 {
			a.reason, a.sentence = rejectReason(r.Code), r.Sentence
			return
		}
	}
}

func rejectReason(code wire.RejectCode) byte {
	switch code {
	case wire.RejectBadName:
		return reasonBadTopic
	case wire.RejectNoMember:
		return reasonNoSubscribers
	case wire.RejectVersion:
		return reasonImplementation
	case wire.RejectRefused:
		return reasonNotAuthorised
	}
	return reasonQuota
}

// unanswered is how many QoS 1 messages wait for their answer.
func (c *conn) unanswered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ones
}

// awaits tells whether the QoS 2 message of that identifier waits for its answer.
func (c *conn) awaits(id uint16) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.acks, func(a ack) bool { return a.id == id && a.kind == typePubrec })
}

// problem is the reason string of a sentence, if the client wants it and takes so much. nil: none.
func (c *conn) problem(sentence string) []byte {
	if sentence == "" || c.level != level5 || c.noProblems {
		return nil
	}
	const around = 400 // more than all else in an answer
	if c.largest > 0 && len(sentence)+around > c.largest {
		return nil
	}
	return appendTextProperty(nil, propReason, sentence)
}
