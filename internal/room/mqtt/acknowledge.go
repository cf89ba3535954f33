package mqtt

import (
	"errors"
	"time"
)

// errUnknown: an acknowledgement of nothing. It is no crime, but none may come in masses.
var errUnknown = errors.New("no message of that identifier is on its way")

// acknowledged is PUBACK, PUBREC or PUBCOMP from c. It answers what is to be said, nil for nothing, errUnknown if that
// message is not on its way, and a breach for an answer of the wrong kind.
func (s *session) acknowledged(c *conn, kind byte, number uint16, reason byte) (reply []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != c {
		return nil, nil
	}
	i := s.find(number)
	if i < 0 {
		if kind != typePubrec {
			return nil, errUnknown
		}
		return appendAck(nil, s.level, typePubrel, number, reasonNoIdentifier, nil), errUnknown
	}
	f := &s.flights[i]
	switch {
	case f.exactly != (kind != typePuback), kind == typePubcomp && !f.received:
		return nil, breach("an acknowledgement of the wrong kind")
	case kind == typePubrec && reason < 0x80:
		f.received = true
		s.bytes -= cost(f.b)
		f.b = nil
		return appendAck(nil, s.level, typePubrel, number, reasonSuccess, nil), nil
	}
	s.land(number)
	s.advance(time.Now())
	return nil, nil
}

// begin notes a QoS 2 PUBLISH of c. again: it is one that was there before; full: that would be more than max.
func (s *session) begin(c *conn, number uint16, unanswered int) (again, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != c {
		return true, false
	}
	if _, again = s.exactly[number]; again {
		return true, false
	}
	if len(s.exactly)+unanswered >= maxUnanswered {
		return false, true
	}
	if s.exactly == nil {
		s.exactly = map[uint16]struct{}{}
	}
	s.exactly[number] = struct{}{}
	return false, false
}

// finish frees a QoS 2 identifier of the client: PUBREL came, or PUBREC refused.
func (s *session) finish(c *conn, number uint16) (known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != c {
		return true
	}
	_, known = s.exactly[number]
	delete(s.exactly, number)
	return known
}

// unreleased is how many QoS 2 messages of the client are on their way.
func (s *session) unreleased() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.exactly)
}
