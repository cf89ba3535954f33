package room

// ring keeps the last events: at most maxEvents of at most maxBytes together, names, payloads and properties.
type ring struct {
	maxEvents, maxBytes int

	events []Event // consecutive offsets, oldest first
	bytes  int
}

func eventBytes(e *Event) int { return len(e.Name) + len(e.Payload) + len(e.Props) }

func (r *ring) push(e Event) {
	r.events = append(r.events, e)
	r.bytes += eventBytes(&e)
	drop := 0
	for len(r.events)-drop > r.maxEvents || r.bytes > r.maxBytes && drop < len(r.events) {
		r.bytes -= eventBytes(&r.events[drop])
		drop++
	}
	if drop > 0 {
		clear(r.events[:drop])
		r.events = r.events[drop:] // append moves it to a fresh array from time to time
	}
}

// since answers the events after offset, given that the last one's is last. False: some of them are gone, or offset is
// from the future.
func (r *ring) since(offset, last uint64) ([]Event, bool) {
	if offset > last || last-offset > uint64(len(r.events)) {
		return nil, false
	}
	return r.events[len(r.events)-int(last-offset):], true
}
