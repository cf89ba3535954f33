package mqtt

import "sync/atomic"

// Counters are what a Door did not do, or let go. Any goroutine may read them.
type Counters struct {
	Refused       atomic.Uint64 // publishes to topics that are not the client's to publish to
	BadPayloads   atomic.Uint64 // positions that are none, payloads that are not the UTF-8 they are said to be
	BadFilters    atomic.Uint64 // subscriptions refused
	Breaches      atomic.Uint64 // connections ended because of malformed packets or protocol errors
	TooLarge      atomic.Uint64 // messages above a client's maximum packet size, once for each wire class or copy
	Expired       atomic.Uint64 // messages whose time was over before they could be sent
	QueueDropped  atomic.Uint64 // messages of QoS 1 and 2 that a parked session's queue had no room for
	SignalDropped atomic.Uint64 // signals to a client too slow
	ShareDropped  atomic.Uint64 // messages for shared subscriptions with no member to take them
	Sessions      atomic.Uint64 // sessions that were gone on with
	Redelivered   atomic.Uint64 // packets sent again to a client that came back
}

// Each shows every counter with its name.
func (c *Counters) Each(show func(name string, value uint64)) {
	for _, one := range []struct {
		name  string
		value *atomic.Uint64
	}{
		{"refused_publishes", &c.Refused},
		{"bad_payloads", &c.BadPayloads},
		{"bad_filters", &c.BadFilters},
		{"breaches", &c.Breaches},
		{"too_large", &c.TooLarge},
		{"expired", &c.Expired},
		{"queue_dropped", &c.QueueDropped},
		{"signals_dropped", &c.SignalDropped},
		{"share_dropped", &c.ShareDropped},
		{"sessions_resumed", &c.Sessions},
		{"redelivered", &c.Redelivered},
	} {
		show(one.name, one.value.Load())
	}
}
