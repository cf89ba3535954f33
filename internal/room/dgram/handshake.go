package dgram

import (
	"crypto/cipher"
	"encoding/binary"
)

// MaxPart bounds the shown part of a connect token, in bytes, and MaxHello the sealed record, so that both fit a Response.
const (
	MaxPart  = 704
	MaxHello = 256
	// MaxReason bounds the sentence of a Refuse and a Close.
	MaxReason = 240
)

const (
	challengeBytes = 1 + NonceBytes + cookieBytes
	acceptBytes    = 1 + NonceBytes + 8 + tagBytes
)

// pad fills a datagram with zeros up to MaxDatagram.
func pad(b []byte) []byte {
	if n := MaxDatagram - len(b); n > 0 {
		b = append(b, make([]byte, n)...)
	}
	return b
}

// AppendRequest asks for a Challenge.
//
//	11 · nonce 16 · n 2 · the token's shown part n · zeros up to MaxDatagram
func AppendRequest(b []byte, nonce *Nonce, part []byte) []byte {
	b = append(append(b, byte(KindRequest)), nonce[:]...)
	return pad(appendSized(b, part))
}

// ParseRequest reads a Request; part stays b's.
func ParseRequest(b []byte) (nonce Nonce, part []byte, err error) {
	if len(b) < MaxDatagram || Kind(b[0]) != KindRequest {
		return nonce, nil, ErrMalformed
	}
	rest := b[1+copy(nonce[:], b[1:]):]
	part, _, ok := sized(rest, MaxPart)
	if !ok {
		return nonce, nil, ErrMalformed
	}
	return nonce, part, nil
}

// AppendChallenge answers a Request.
//
//	12 · nonce 16 · cookie 20
func AppendChallenge(b []byte, nonce *Nonce, cookie *Cookie) []byte {
	return append(append(append(b, byte(KindChallenge)), nonce[:]...), cookie[:]...)
}

// ParseChallenge reads a Challenge.
func ParseChallenge(b []byte) (nonce Nonce, cookie Cookie, err error) {
	if len(b) != challengeBytes || Kind(b[0]) != KindChallenge {
		return nonce, cookie, ErrMalformed
	}
	copy(cookie[:], b[1+copy(nonce[:], b[1:]):])
	return nonce, cookie, nil
}

// Response shows the cookie and the token, and says Hello.
type Response struct {
	Nonce  Nonce
	Cookie Cookie
	Part   []byte
	head   []byte // what Hello's seal covers beside it
	sealed []byte
}

// AppendResponse answers a Challenge; hello is the record, without a ticket. The same arguments give the same bytes.
//
//	13 · nonce 16 · cookie 20 · n 2 · the token's shown part n · m 2 · sealed Hello m · zeros up to MaxDatagram
//
// Hello is sealed with AES-256-GCM under HKDF-SHA256(key to server, salt nonce · cookie), with everything before m as
// additional data.
func AppendResponse(b []byte, secrets *Secrets, nonce Nonce, cookie Cookie, part, hello []byte) []byte {
	at := len(b)
	b = append(append(append(b, byte(KindResponse)), nonce[:]...), cookie[:]...)
	b = appendSized(b, part)
	head := b[at:]
	sealed := secrets.hello(nonce, cookie).Seal(nil, make([]byte, 12), hello, head)
	return pad(appendSized(b, sealed))
}

// ParseResponse reads a Response, whose slices stay b's.
func ParseResponse(b []byte) (r Response, err error) {
	if len(b) < MaxDatagram || Kind(b[0]) != KindResponse {
		return r, ErrMalformed
	}
	rest := b[1+copy(r.Nonce[:], b[1:]):]
	rest = rest[copy(r.Cookie[:], rest):]
	var ok bool
	if r.Part, rest, ok = sized(rest, MaxPart); !ok {
		return Response{}, ErrMalformed
	}
	r.head = b[:len(b)-len(rest)]
	if r.sealed, _, ok = sized(rest, MaxHello+tagBytes); !ok {
		return Response{}, ErrMalformed
	}
	return r, nil
}

// Hello opens the record that came with the Response. ErrForged: whoever sent it does not have the token's keys.
func (r *Response) Hello(secrets *Secrets) ([]byte, error) {
	hello, err := secrets.hello(r.Nonce, r.Cookie).Open(nil, make([]byte, 12), r.sealed, r.head)
	if err != nil {
		return nil, ErrForged
	}
	return hello, nil
}

// AppendAccept gives the connection its id. The tag is that of an empty text under packet number 0.
//
//	14 · nonce 16 · connection id 8 · tag 16
func AppendAccept(b []byte, toPlayer cipher.AEAD, nonce *Nonce, id uint64) []byte {
	at := len(b)
	b = append(append(b, byte(KindAccept)), nonce[:]...)
	b = binary.LittleEndian.AppendUint64(b, id)
	return toPlayer.Seal(b, make([]byte, 12), nil, b[at:])
}

// ParseAccept reads an Accept of this handshake and answers the connection's keys.
func ParseAccept(b []byte, secrets *Secrets, nonce Nonce) (id uint64, toServer, toPlayer cipher.AEAD, err error) {
	const signed = acceptBytes - tagBytes
	if len(b) != acceptBytes || Kind(b[0]) != KindAccept || Nonce(b[1:1+NonceBytes]) != nonce {
		return 0, nil, nil, ErrMalformed
	}
	id = binary.LittleEndian.Uint64(b[1+NonceBytes:])
	toServer, toPlayer = secrets.Keys(nonce, id)
	if _, err := toPlayer.Open(nil, make([]byte, 12), b[signed:], b[:signed]); err != nil {
		return 0, nil, nil, ErrForged
	}
	return id, toServer, toPlayer, nil
}

// AppendRefuse says why there is no connection. It cannot be sealed, since the token may be anybody's; that its sender saw
// the nonce is all it proves.
//
//	15 · nonce 16 · close code 2 · reason, up to the end
func AppendRefuse(b []byte, nonce *Nonce, code uint16, reason string) []byte {
	b = append(append(b, byte(KindRefuse)), nonce[:]...)
	b = binary.LittleEndian.AppendUint16(b, code)
	return append(b, reason[:min(len(reason), MaxReason)]...)
}

// ParseRefuse reads a Refuse.
func ParseRefuse(b []byte) (nonce Nonce, code uint16, reason string, err error) {
	const head = 1 + NonceBytes + 2
	if len(b) < head || len(b) > head+MaxReason || Kind(b[0]) != KindRefuse {
		return nonce, 0, "", ErrMalformed
	}
	copy(nonce[:], b[1:])
	return nonce, binary.LittleEndian.Uint16(b[1+NonceBytes:]), string(b[head:]), nil
}

func appendSized(b, p []byte) []byte {
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(p))), p...)
}

func sized(b []byte, limit int) (p, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if n > limit || n > len(b)-2 {
		return nil, nil, false
	}
	return b[2 : 2+n : 2+n], b[2+n:], true
}
