package dgram

import "net/netip"

// amplification is how much of what came from an address that is not proved may be sent there.
const amplification = 3

// path is the way to the peer.
type path struct {
	to        netip.AddrPort
	proved    bool
	got, sent int    // bytes, while it is not proved
	challenge uint64 // what must come back
	asked     bool   // the challenge is on its way
	answer    uint64 // the peer's challenge to answer, if owed
	owed      bool
	before    netip.AddrPort // the last proved one
}

// came counts what came from where the peer is. moved: it is somewhere else now.
func (p *path) came(from netip.AddrPort, bytes int, newest bool, random func() uint64) {
	if from != p.to {
		if !newest {
			return
		}
		if p.proved {
			p.before = p.to
		}
		p.to, p.proved, p.got, p.sent = from, from == p.before, 0, 0
		p.asked = false
		if !p.proved {
			p.challenge = random()
		}
	}
	if !p.proved {
		p.got += bytes
	}
}

// challengeReserve is what is kept back of the bytes that may go to an address that is not proved, so that a lost challenge
// can be said again.
const challengeReserve = 128

// budget is how many bytes may be sent now, at most MaxDatagram.
func (p *path) budget() int {
	if p.proved {
		return MaxDatagram
	}
	n := amplification*p.got - p.sent
	if p.asked {
		n -= challengeReserve
	}
	return max(0, min(MaxDatagram, n))
}

func (p *path) answered(challenge uint64, from netip.AddrPort) {
	if !p.proved && from == p.to && challenge == p.challenge {
		p.proved = true
	}
}
