package dgram

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"net/netip"
	"time"
)

const (
	cookieBytes = 4 + 16
	// CookieLife is how long a Challenge may be answered.
	CookieLife = 10 * time.Second
	// cookieSecretLife is how long one secret makes cookies.
	cookieSecretLife = time.Minute
)

// Cookie proves to a server that whoever shows it has received it at its address. The server keeps nothing of it.
//
//	made at 4 (ms of the server's clock) · HMAC-SHA256 16 of it, the address, the nonce and the token's shown part
type Cookie [cookieBytes]byte

// Cookies makes and checks them, for one goroutine. It allocates only when its secret changes.
type Cookies struct {
	seed    [32]byte
	period  int64
	mac     hash.Hash // of period
	sum     [sha256.Size]byte
	scratch [4 + 16 + 2 + NonceBytes]byte
}

// NewCookies makes cookies that everybody with the same random seed takes.
func NewCookies(seed [32]byte) *Cookies { return &Cookies{seed: seed, period: -1} }

// Make answers the cookie for a Request.
func (c *Cookies) Make(from netip.AddrPort, nonce *Nonce, part []byte, now time.Time) (cookie Cookie) {
	binary.LittleEndian.PutUint32(cookie[:], uint32(now.UnixMilli()))
	copy(cookie[4:], c.sign(from, nonce, part, cookie[:4], now))
	return cookie
}

// Check tells whether the cookie was made for this Response, and how long ago: a round trip, or more.
func (c *Cookies) Check(cookie *Cookie, from netip.AddrPort, nonce *Nonce, part []byte, now time.Time) (age time.Duration, ok bool) {
	age = time.Duration(uint32(now.UnixMilli())-binary.LittleEndian.Uint32(cookie[:])) * time.Millisecond
	if age > CookieLife {
		return 0, false
	}
	want := c.sign(from, nonce, part, cookie[:4], now.Add(-age))
	return age, subtle.ConstantTimeCompare(cookie[4:], want[:16]) == 1
}

// sign is good until the next call.
func (c *Cookies) sign(from netip.AddrPort, nonce *Nonce, part, made []byte, at time.Time) []byte {
	if period := at.UnixMilli() / cookieSecretLife.Milliseconds(); period != c.period {
		secret := hmac.New(sha256.New, c.seed[:])
		secret.Write(binary.LittleEndian.AppendUint64(nil, uint64(period)))
		c.mac, c.period = hmac.New(sha256.New, secret.Sum(nil)), period
	}
	ip := from.Addr().As16()
	b := append(append(c.scratch[:0], made...), ip[:]...)
	b = binary.LittleEndian.AppendUint16(b, from.Port())
	b = append(b, nonce[:]...)
	c.mac.Reset()
	c.mac.Write(b)
	c.mac.Write(part)
	return c.mac.Sum(c.sum[:0])
}
