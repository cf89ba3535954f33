package ticket

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func testKeys() *Keys { return NewKeys([]byte("0123456789abcdef0123456789abcdef")) }

func testClaims() Claims {
	return Claims{
		Server: "plaza-abcd1234", Player: "ann", Seat: 1767323045000001,
		Session:    model.SessionRef{Route: "plaza", Key: "room-7"},
		Generation: 18446744073709551615, Capacity: 50, ExpiresAt: start.Add(model.TicketTTL),
	}
}

func TestSignedTicketVerifies(t *testing.T) {
	k, c := testKeys(), testClaims()
	got, err := Verify(NewSigner(k).Sign(c), []Key{k.ServerKey(c.Server)}, c.Server, start, false)
	if err != nil {
		t.Fatal(err)
	}
	if !got.ExpiresAt.Equal(c.ExpiresAt) {
		t.Errorf("expires at %v, want %v", got.ExpiresAt, c.ExpiresAt)
	}
	got.ExpiresAt = c.ExpiresAt
	if got != c {
		t.Errorf("got %+v, want %+v", got, c)
	}
}

// The shape is documented; whoever writes a server in another language reads it with any JWT library.
func TestShapeIsTheDocumentedOne(t *testing.T) {
	k, c := testKeys(), testClaims()
	parts := strings.Split(NewSigner(k).Sign(c), ".")
	want := []string{
		fmt.Sprintf(`{"alg":"HS256","kid":"%s"}`, k.ServerKey(c.Server).ID),
		`{"aud":"plaza-abcd1234","sub":"ann","jti":"1i7brr4psq1","exp":1767323105,"rte":"plaza","key":"room-7",` +
			`"gen":"fvvvvvvvvvvvv","cap":50}`,
	}
	for i, w := range want {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || string(b) != w {
			t.Errorf("part %d: %s, %v; want %s", i, b, err, w)
		}
	}
}

// Whatever strings the claims hold, an independent parser reads back what was signed.
func TestJWTReadsWhatSignerWrites(t *testing.T) {
	k := testKeys()
	signer := NewSigner(k)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		c := Claims{
			Server: model.ServerID(text.Draw(t, "server")), Player: model.PlayerID(text.Draw(t, "player")),
			Seat:       model.SeatID(rapid.Uint64().Draw(t, "seat")),
			Session:    model.SessionRef{Route: model.RouteName(text.Draw(t, "route")), Key: model.SessionKey(text.Draw(t, "key"))},
			Generation: model.Generation(rapid.Uint64().Draw(t, "gen")), Capacity: rapid.IntRange(1, MaxCapacity).Draw(t, "cap"),
			ExpiresAt: time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, "exp"), 0),
		}
		got := jwt.MapClaims{}
		_, err := jwt.NewParser(jwt.WithoutClaimsValidation()).ParseWithClaims(signer.Sign(c), got,
			func(*jwt.Token) (any, error) { return k.ServerKey(c.Server).Secret, nil })
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"aud": string(c.Server), "sub": string(c.Player), "jti": strconv.FormatUint(uint64(c.Seat), 32), "exp": float64(c.ExpiresAt.Unix()),
			"rte": string(c.Session.Route), "key": string(c.Session.Key), "gen": strconv.FormatUint(uint64(c.Generation), 32), "cap": float64(c.Capacity),
		} {
			if got[name] != want {
				t.Fatalf("%s is %v, want %v", name, got[name], want)
			}
		}
	})
}

func TestVerifyRefuses(t *testing.T) {
	k, c := testKeys(), testClaims()
	keys := []Key{k.ServerKey(c.Server)}
	good := NewSigner(k).Sign(c)
	with := func(change func(*Claims)) string {
		d := c
		change(&d)
		return NewSigner(k).Sign(d)
	}
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"aud": c.Server}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	stranger := NewSigner(NewKeys(make([]byte, 32))).Sign(c)
	head, tail, _ := strings.Cut(good, ".")
	for _, tc := range []struct {
		name, token string
		now         time.Time
		want        error
	}{
		{"nothing", "", start, ErrMalformed},
		{"words", "let me in", start, ErrMalformed},
		{"too long", good + strings.Repeat("A", MaxLength), start, ErrMalformed},
		{"cut off", good[:len(good)-11], start, ErrSignature},
		{"claims changed", head + "." + strings.Replace(tail, tail[:1], "f", 1), start, ErrMalformed},
		{"no signature", unsigned, start, ErrSignature},
		{"another Greenroom's", stranger, start, ErrSignature},
		{"another server's", with(func(d *Claims) { d.Server = "plaza-zzzz9999" }), start, ErrOtherServer},
		{"expired this very moment", good, c.ExpiresAt, ErrExpired},
		{"no player", with(func(d *Claims) { d.Player = "" }), start, ErrMalformed},
		{"a topic for a key", with(func(d *Claims) { d.Session.Key = "a/#" }), start, ErrMalformed},
		{"no seats", with(func(d *Claims) { d.Capacity = 0 }), start, ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Verify(tc.token, keys, c.Server, tc.now, false); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	if _, err := Verify(good, keys, c.Server, c.ExpiresAt.Add(time.Hour), true); err != nil {
		t.Errorf("expired, of a claimed seat: %v", err)
	}
	if _, err := Verify(good, nil, c.Server, start, true); !errors.Is(err, ErrSignature) {
		t.Errorf("no keys: %v", err)
	}
}

func TestServerSecretsAreApart(t *testing.T) {
	k := testKeys()
	a, b := k.ServerKey("plaza-a"), k.ServerKey("plaza-b")
	if len(a.Secret) != 32 || string(a.Secret) == string(b.Secret) || a.ID == b.ID {
		t.Errorf("keys %v and %v", a, b)
	}
	if again := NewKeys([]byte("0123456789abcdef0123456789abcdef")).ServerKey("plaza-a"); string(again.Secret) != string(a.Secret) || again.ID != a.ID {
		t.Error("the same master gives another key")
	}
	token := k.ServerToken("plaza-a")
	if !k.CheckServerToken("plaza-a", token) || k.CheckServerToken("plaza-b", token) || k.CheckServerToken("plaza-a", "") {
		t.Error("a token opens the wrong link")
	}
}

func TestSignerKeepsABoundedNumberOfServers(t *testing.T) {
	k := testKeys()
	s := newSigner(k, 4)
	c := testClaims()
	for i := range 50 {
		c.Server = model.ServerID(fmt.Sprintf("plaza-%d", i%20))
		if _, err := Verify(s.Sign(c), []Key{k.ServerKey(c.Server)}, c.Server, start, false); err != nil {
			t.Fatal(err)
		}
		if n := len(s.young) + len(s.old); n > 8 {
			t.Fatalf("%d servers kept", n)
		}
	}
	if s.turnings == 0 {
		t.Error("the bound was never reached")
	}
}

func TestSignerIsSafeForConcurrentUse(t *testing.T) {
	k := testKeys()
	s := newSigner(k, 2)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			c := testClaims()
			for i := range 200 {
				c.Server = model.ServerID(fmt.Sprintf("plaza-%d", (g+i)%5))
				if _, err := Verify(s.Sign(c), []Key{k.ServerKey(c.Server)}, c.Server, start, false); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func FuzzVerify(f *testing.F) {
	k, c := testKeys(), testClaims()
	good := NewSigner(k).Sign(c)
	for _, seed := range []string{good, "", "..", good[:40], "eyJhbGciOiJub25lIn0.e30.", good + "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := Verify(token, []Key{k.ServerKey(c.Server)}, c.Server, start, true)
		if err == nil {
			// Only what the key signed passes, and only this was ever signed with it.
			got.ExpiresAt = c.ExpiresAt
			if got != c {
				t.Fatalf("%q gave %+v", token, got)
			}
			return
		}
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) && !errors.Is(err, ErrOtherServer) {
			t.Fatalf("%q: %v", token, err)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	s, c := NewSigner(testKeys()), testClaims()
	b.ReportAllocs()
	for b.Loop() {
		s.Sign(c)
	}
}

// What signing costs with the library that Verify uses, for the ratio.
func BenchmarkSignByLibrary(b *testing.B) {
	c := testClaims()
	key := testKeys().ServerKey(c.Server)
	b.ReportAllocs()
	for b.Loop() {
		t := jwt.NewWithClaims(jwt.SigningMethodHS256, &wireClaims{
			RegisteredClaims: jwt.RegisteredClaims{
				Audience: jwt.ClaimStrings{string(c.Server)}, Subject: string(c.Player),
				ID: fmt.Sprint(uint64(c.Seat)), ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
			},
			Route: string(c.Session.Route), Key: string(c.Session.Key), Generation: fmt.Sprint(uint64(c.Generation)), Capacity: int64(c.Capacity),
		})
		t.Header["kid"] = key.ID
		if _, err := t.SignedString(key.Secret); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	k, c := testKeys(), testClaims()
	token, keys := NewSigner(k).Sign(c), []Key{k.ServerKey(c.Server)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Verify(token, keys, c.Server, start, false); err != nil {
			b.Fatal(err)
		}
	}
}
