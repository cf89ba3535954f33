package dgram

import (
	"encoding/binary"
	"math/bits"
)

// ReplayWindow is how many packet numbers below the highest are still taken, each once.
const ReplayWindow = 1024

// received remembers which packet numbers came.
type received struct {
	top  uint64 // the highest; 0: none
	bits [ReplayWindow / 64]uint64
}

// taken tells whether packet came already, or is too old to tell.
func (r *received) taken(packet uint64) bool {
	if packet > r.top {
		return false
	}
	return r.top-packet >= ReplayWindow || r.bit(packet)
}

func (r *received) bit(packet uint64) bool {
	return r.bits[packet/64%uint64(len(r.bits))]>>(packet%64)&1 != 0
}

// mark remembers packet, which must not be taken.
func (r *received) mark(packet uint64) {
	if packet > r.top {
		if packet-r.top >= ReplayWindow {
			r.bits = [ReplayWindow / 64]uint64{}
		} else {
			for n := r.top + 1; n < packet; n++ {
				r.clear(n)
			}
		}
		r.top = packet
	}
	r.bits[packet/64%uint64(len(r.bits))] |= 1 << (packet % 64)
}

func (r *received) clear(packet uint64) {
	r.bits[packet/64%uint64(len(r.bits))] &^= 1 << (packet % 64)
}

// below appends which of the n packets before top came, in whole bytes, lowest bit first: top-1, top-2 and so on, without
// zero bytes at the end.
func (r *received) below(b []byte, n int) []byte {
	at, end := len(b), 0
	for i := 0; i < n; i += 64 {
		b = binary.LittleEndian.AppendUint64(b, r.downFrom(r.top-1-uint64(i)))
	}
	for i, v := range b[at : at+(n+7)/8] {
		if v != 0 {
			end = i + 1
		}
	}
	return b[:at+end]
}

// downFrom answers 64 bits: bit 0 is packet's, bit 1 that of the one before it.
func (r *received) downFrom(packet uint64) uint64 {
	word, shift := packet/64%uint64(len(r.bits)), packet%64
	v := r.bits[word] << (63 - shift)
	if shift < 63 {
		v |= r.bits[(word-1)%uint64(len(r.bits))] >> (shift + 1)
	}
	return bits.Reverse64(v)
}
