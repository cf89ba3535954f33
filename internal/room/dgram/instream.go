package dgram

import "slices"

// maxParts bounds the pieces held out of order. A sender's window holds fewer.
const maxParts = 1024

// inStream puts the received half of the stream in order. It holds nothing while nothing is missing.
type inStream struct {
	next   uint64 // everything before was given
	window uint64
	parts  []part // beyond next, by place
	held   uint64 // bytes in parts, which may overlap
}

type part struct {
	at uint64
	b  []byte
}

// add takes bytes and gives what follows on from before, in order and once.
func (s *inStream) add(at uint64, b []byte, give func([]byte) error) error {
	end := at + uint64(len(b))
	switch {
	case end > s.next+s.window:
		return ErrProtocol
	case end <= s.next:
		return nil
	case at > s.next:
		return s.hold(part{at, b})
	}
	if err := s.give(part{at, b}, give); err != nil {
		return err
	}
	n := 0
	for n < len(s.parts) && s.parts[n].at <= s.next {
		if err := s.give(s.parts[n], give); err != nil {
			return err
		}
		n++
	}
	for _, p := range s.parts[:n] {
		s.held -= uint64(len(p.b))
	}
	s.parts = slices.Delete(s.parts, 0, n)
	if len(s.parts) == 0 {
		s.parts = nil
	}
	return nil
}

func (s *inStream) give(p part, give func([]byte) error) error {
	skip := s.next - p.at
	if skip >= uint64(len(p.b)) {
		return nil
	}
	s.next = p.at + uint64(len(p.b))
	return give(p.b[skip:])
}

func (s *inStream) hold(p part) error {
	i, found := slices.BinarySearchFunc(s.parts, p.at, func(x part, at uint64) int {
		switch {
		case x.at < at:
			return -1
		case x.at > at:
			return 1
		}
		return 0
	})
	if found && len(s.parts[i].b) >= len(p.b) {
		return nil
	}
	if s.held += uint64(len(p.b)); len(s.parts) >= maxParts || s.held > 2*s.window {
		return ErrProtocol
	}
	p.b = slices.Clone(p.b)
	if found {
		s.held -= uint64(len(s.parts[i].b))
		s.parts[i] = p
		return nil
	}
	s.parts = slices.Insert(s.parts, i, p)
	return nil
}
