package ticket

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"hash"
	"strconv"
	"sync"

	"greenroom.dev/greenroom/internal/model"
)

// SignerServers bounds the servers whose signing state is kept at hand: between this many and twice as many of those
// used last, at about 1 KiB each.
const SignerServers = 1 << 15

// Signer writes tickets. It writes the JWT's fixed shape by hand, because a join should cost about a microsecond and a
// general JWT library's encoding is many times that. Safe for concurrent use.
type Signer struct {
	keys  *Keys
	bound int

	mu       sync.RWMutex
	young    map[model.ServerID]*signing // used since the last turn
	old      map[model.ServerID]*signing // used before it
	turnings int                         // counts turns, for tests
}

// signing is what signing for one server needs over and over.
type signing struct {
	mu     sync.Mutex
	mac    hash.Hash
	start  []byte // what all tickets start with, in base64url: the header, the dot, the claims up to sub's value
	rest   []byte // the last bytes of those claims, which did not fill a group of base64
	claims []byte // scratch
	token  []byte // scratch
	sum    []byte // scratch

	sealing *sealing // nil before the first Seal
}

// NewSigner signs with the servers' keys of k.
func NewSigner(k *Keys) *Signer { return newSigner(k, SignerServers) }

func newSigner(k *Keys, bound int) *Signer {
	return &Signer{keys: k, bound: bound, young: map[model.ServerID]*signing{}}
}

// Sign answers the ticket for c under its server's key. ExpiresAt is cut to whole seconds.
func (s *Signer) Sign(c Claims) string {
	st := s.state(c.Server)
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.sign(&c)
}

// state answers a server's signing state, made if need be. Two maps take turns as the young one, which bounds them.
func (s *Signer) state(id model.ServerID) *signing {
	s.mu.RLock()
	st := s.young[id]
	s.mu.RUnlock()
	if st != nil {
		return st
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st = s.young[id]; st != nil {
		return st
	}
	if st = s.old[id]; st == nil {
		st = newSigning(id, s.keys.ServerKey(id))
	}
	if len(s.young) >= s.bound {
		s.old, s.young = s.young, make(map[model.ServerID]*signing, s.bound)
		s.turnings++
	}
	s.young[id] = st
	return st
}

func newSigning(id model.ServerID, key Key) *signing {
	header := append(appendString([]byte(`{"alg":"HS256","kid":`), key.ID), '}')
	claims := append(appendString([]byte(`{"aud":`), string(id)), `,"sub":`...)
	whole := len(claims) / 3 * 3
	start := append(base64.RawURLEncoding.AppendEncode(nil, header), '.')
	return &signing{
		mac:   hmac.New(sha256.New, key.Secret),
		start: base64.RawURLEncoding.AppendEncode(start, claims[:whole]),
		rest:  claims[whole:],
	}
}

func (st *signing) sign(c *Claims) string {
	b := append(st.claims[:0], st.rest...)
	b = appendString(b, string(c.Player))
	b = append(b, `,"jti":"`...)
	b = strconv.AppendUint(b, uint64(c.Seat), numberBase)
	b = append(b, `","exp":`...)
	b = strconv.AppendInt(b, c.ExpiresAt.Unix(), 10)
	b = append(b, `,"rte":`...)
	b = appendString(b, string(c.Session.Route))
	b = append(b, `,"key":`...)
	b = appendString(b, string(c.Session.Key))
	b = append(b, `,"gen":"`...)
	b = strconv.AppendUint(b, uint64(c.Generation), numberBase)
	b = append(b, `","cap":`...)
	b = strconv.AppendInt(b, int64(c.Capacity), 10)
	b = append(b, '}')
	st.claims = b

	t := append(st.token[:0], st.start...)
	t = base64.RawURLEncoding.AppendEncode(t, b)
	st.mac.Reset()
	st.mac.Write(t)
	st.sum = st.mac.Sum(st.sum[:0])
	t = append(t, '.')
	t = base64.RawURLEncoding.AppendEncode(t, st.sum)
	st.token = t
	return string(t)
}

// appendString appends s as a JSON string. Names need no escaping; whatever else comes is left to encoding/json.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
