package dgram

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"
)

var (
	secrets = Secrets{ToServer: [32]byte{1}, ToPlayer: [32]byte{2}}
	nonce   = Nonce{7}
	shown   = bytes.Repeat([]byte{9}, 200)
)

func TestHandshake(t *testing.T) {
	cookies := NewCookies([32]byte{5})
	request := AppendRequest(nil, &nonce, shown)
	gotNonce, part, err := ParseRequest(request)
	if err != nil || gotNonce != nonce || !bytes.Equal(part, shown) {
		t.Fatalf("request: %v", err)
	}
	made := cookies.Make(playerAddr, &gotNonce, part, start)
	challenge := AppendChallenge(nil, &gotNonce, &made)
	if len(challenge) >= len(request) {
		t.Fatalf("a challenge of %d bytes answers a request of %d", len(challenge), len(request))
	}
	_, cookie, err := ParseChallenge(challenge)
	if err != nil {
		t.Fatal(err)
	}
	response := AppendResponse(nil, &secrets, nonce, cookie, shown, []byte("hello"))
	if again := AppendResponse(nil, &secrets, nonce, cookie, shown, []byte("hello")); !bytes.Equal(again, response) {
		t.Fatal("the same response has other bytes")
	}
	r, err := ParseResponse(response)
	if err != nil {
		t.Fatal(err)
	}
	later := start.Add(120 * time.Millisecond)
	if age, ok := cookies.Check(&r.Cookie, playerAddr, &r.Nonce, r.Part, later); !ok || age != 120*time.Millisecond {
		t.Fatalf("cookie: %v, %v", age, ok)
	}
	if hello, err := r.Hello(&secrets); err != nil || string(hello) != "hello" {
		t.Fatalf("hello: %q, %v", hello, err)
	}
	toServer, toPlayer := secrets.Keys(r.Nonce, 77)
	accept := AppendAccept(nil, toPlayer, &r.Nonce, 77)
	id, toServer2, _, err := ParseAccept(accept, &secrets, nonce)
	if err != nil || id != 77 {
		t.Fatalf("accept: %d, %v", id, err)
	}
	sealed := toServer2.Seal(nil, make([]byte, 12), []byte("x"), nil)
	if _, err := toServer.Open(nil, make([]byte, 12), sealed, nil); err != nil {
		t.Fatal("both ends have other keys")
	}
	for i := range accept {
		b := bytes.Clone(accept)
		b[i] ^= 1
		if _, _, _, err := ParseAccept(b, &secrets, nonce); err == nil {
			t.Fatalf("accept with byte %d changed", i)
		}
	}
	for i := range 1 + NonceBytes + cookieBytes + 2 + len(shown) {
		b := bytes.Clone(response)
		b[i] ^= 1
		r, err := ParseResponse(b)
		if err == nil {
			_, err = r.Hello(&secrets)
		}
		if err == nil {
			t.Fatalf("a response with byte %d changed says hello", i)
		}
	}
}

func TestACookieIsForOneAddressRequestAndTime(t *testing.T) {
	mine, others := NewCookies([32]byte{5}), NewCookies([32]byte{6})
	for _, at := range []time.Time{start, start.Add(3 * time.Second), start.Add(57 * time.Second), time.UnixMilli(1<<32 - 5)} {
		cookie := mine.Make(playerAddr, &nonce, shown, at)
		if _, ok := mine.Check(&cookie, playerAddr, &nonce, shown, at.Add(CookieLife)); !ok {
			t.Errorf("%v: not taken to the end of its life", at)
		}
		if _, ok := NewCookies([32]byte{5}).Check(&cookie, playerAddr, &nonce, shown, at); !ok {
			t.Errorf("%v: another goroutine does not take it", at)
		}
		changed := cookie
		changed[10] ^= 1
		older := cookie
		older[0]--
		for name, ok := range map[string]bool{
			"address": check(mine, cookie, netip.AddrPortFrom(elsewhere.Addr(), playerAddr.Port()), nonce, shown, at),
			"port":    check(mine, cookie, netip.AddrPortFrom(playerAddr.Addr(), 9), nonce, shown, at),
			"nonce":   check(mine, cookie, playerAddr, Nonce{8}, shown, at),
			"token":   check(mine, cookie, playerAddr, nonce, shown[1:], at),
			"late":    check(mine, cookie, playerAddr, nonce, shown, at.Add(CookieLife+time.Millisecond)),
			"early":   check(mine, cookie, playerAddr, nonce, shown, at.Add(-time.Millisecond)),
			"secret":  check(others, cookie, playerAddr, nonce, shown, at),
			"changed": check(mine, changed, playerAddr, nonce, shown, at),
			"older":   check(mine, older, playerAddr, nonce, shown, at),
		} {
			if ok {
				t.Errorf("%v: taken with another %s", at, name)
			}
		}
	}
}

func check(c *Cookies, cookie Cookie, from netip.AddrPort, nonce Nonce, part []byte, now time.Time) bool {
	_, ok := c.Check(&cookie, from, &nonce, part, now)
	return ok
}

// Every connection, even of one token, has keys of its own, and each direction too.
func TestKeysAreApart(t *testing.T) {
	seen := map[string]string{}
	for _, n := range []Nonce{{1}, {2}} {
		for _, id := range []uint64{1, 2} {
			up, down := secrets.Keys(n, id)
			for name, aead := range map[string]interface {
				Seal(dst, nonce, plaintext, additionalData []byte) []byte
			}{"up": up, "down": down, "hello": secrets.hello(n, Cookie{byte(id)})} {
				tag := string(aead.Seal(nil, make([]byte, 12), nil, nil))
				if other, ok := seen[tag]; ok {
					t.Errorf("%s of nonce %v and id %d has the key of %s", name, n[0], id, other)
				}
				seen[tag] = name
			}
		}
	}
}

// Whoever floods a server from addresses that are not its own costs it no memory, and gets less than it sent.
func TestARequestAllocatesNothing(t *testing.T) {
	cookies := NewCookies([32]byte{5})
	request := AppendRequest(nil, &nonce, shown)
	reply := make([]byte, 0, MaxDatagram)
	cookies.Make(playerAddr, &nonce, shown, start)
	n := testing.AllocsPerRun(1000, func() {
		got, part, err := ParseRequest(request)
		if err != nil {
			t.Fatal(err)
		}
		cookie := cookies.Make(playerAddr, &got, part, start)
		if len(AppendChallenge(reply, &got, &cookie)) >= len(request) {
			t.Fatal("the reply is longer")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for each", n)
	}
	response := AppendResponse(nil, &secrets, nonce, Cookie{1}, shown, []byte("hello"))
	n = testing.AllocsPerRun(1000, func() {
		r, err := ParseResponse(response)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := cookies.Check(&r.Cookie, playerAddr, &r.Nonce, r.Part, start); ok {
			t.Fatal("a made-up cookie is taken")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for each made-up response", n)
	}
}

func TestRefuse(t *testing.T) {
	b := AppendRefuse(nil, &nonce, 4103, "the ticket has expired")
	n, code, reason, err := ParseRefuse(b)
	if err != nil || n != nonce || code != 4103 || reason != "the ticket has expired" {
		t.Fatalf("%v %d %q %v", n, code, reason, err)
	}
	if _, _, _, err := ParseRefuse(b[:18]); !errors.Is(err, ErrMalformed) {
		t.Fatal(err)
	}
}
