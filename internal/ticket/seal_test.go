package ticket

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

func TestSealedTokenOpens(t *testing.T) {
	k := testKeys()
	signer := NewSigner(k)
	name := rapid.StringMatching(`[A-Za-z0-9][-A-Za-z0-9._~:@]{0,127}`)
	rapid.Check(t, func(t *rapid.T) {
		c := Claims{
			Server: model.ServerID(name.Draw(t, "server")), Player: model.PlayerID(name.Draw(t, "player")),
			Seat:       model.SeatID(rapid.Uint64().Draw(t, "seat")),
			Session:    model.SessionRef{Route: model.RouteName(name.Draw(t, "route")), Key: model.SessionKey(name.Draw(t, "key"))},
			Generation: model.Generation(rapid.Uint64().Draw(t, "gen")), Capacity: rapid.IntRange(1, MaxCapacity).Draw(t, "cap"),
			ExpiresAt: time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, "exp"), 0),
		}
		part, player, err := SplitSealed(signer.Seal(c))
		if err != nil {
			t.Fatal(err)
		}
		got, server, err := Open(part, []Key{k.ServerKey("older"), k.ServerKey(c.Server)}, c.Server, c.ExpiresAt.Add(-1), false)
		if err != nil || got != c {
			t.Fatalf("opened %+v, %v; want %+v", got, err, c)
		}
		if player != server || player.ToServer == player.ToPlayer {
			t.Fatal("the player's keys are not the server's")
		}
	})
}

func TestSealedTokensHaveKeysOfTheirOwn(t *testing.T) {
	signer, c := NewSigner(testKeys()), testClaims()
	a, keysA, _ := SplitSealed(signer.Seal(c))
	b, keysB, _ := SplitSealed(signer.Seal(c))
	if bytes.Equal(a, b) || keysA.ToServer == keysB.ToServer || keysA.ToPlayer == keysB.ToPlayer {
		t.Error("two tokens share a key")
	}
	if bytes.Contains(a, keysA.ToServer[:]) || bytes.Contains(a, []byte(c.Player)) {
		t.Error("what is shown tells a secret")
	}
}

func TestOpenRefuses(t *testing.T) {
	k, c := testKeys(), testClaims()
	keys := []Key{k.ServerKey(c.Server)}
	shown := func(k *Keys, change func(*Claims)) []byte {
		d := c
		if change != nil {
			change(&d)
		}
		part, _, err := SplitSealed(NewSigner(k).Seal(d))
		if err != nil {
			t.Fatal(err)
		}
		return part
	}
	good := shown(k, nil)
	flipped := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 1
		return b
	}
	for _, tc := range []struct {
		name string
		part []byte
		now  time.Time
		want error
	}{
		{"nothing", nil, start, ErrMalformed},
		{"another version", flipped(0), start, ErrMalformed},
		{"too long", append(bytes.Clone(good), make([]byte, MaxSealedBytes)...), start, ErrMalformed},
		{"cut off", good[:len(good)-1], start, ErrSignature},
		{"a later expiry", flipped(1), start, ErrSignature},
		{"another key's", flipped(9), start, ErrSignature},
		{"nonce changed", flipped(20), start, ErrSignature},
		{"claims changed", flipped(publicBytes + 70), start, ErrSignature},
		{"another Greenroom's", shown(NewKeys(make([]byte, 32)), nil), start, ErrSignature},
		{"another server's", shown(k, func(d *Claims) { d.Server = "plaza-zzzz9999" }), start, ErrOtherServer},
		{"expired this very moment", good, c.ExpiresAt, ErrExpired},
		{"no player", shown(k, func(d *Claims) { d.Player = "" }), start, ErrMalformed},
		{"a topic for a key", shown(k, func(d *Claims) { d.Session.Key = "a/#" }), start, ErrMalformed},
		{"no seats", shown(k, func(d *Claims) { d.Capacity = 0 }), start, ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, _, err := Open(tc.part, keys, c.Server, tc.now, false); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	if _, _, err := Open(good, keys, c.Server, c.ExpiresAt.Add(time.Hour), true); err != nil {
		t.Errorf("expired, of a claimed seat: %v", err)
	}
	if _, _, err := Open(good, nil, c.Server, start, true); !errors.Is(err, ErrSignature) {
		t.Errorf("no keys: %v", err)
	}
}

func TestSplitSealedRefuses(t *testing.T) {
	good := NewSigner(testKeys()).Seal(testClaims())
	for _, token := range []string{"", "!", good[:80], "B" + good[1:], good + strings.Repeat("A", 1024), base64.StdEncoding.EncodeToString(make([]byte, 400))} {
		if _, _, err := SplitSealed(token); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.20q: %v", token, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k, c := testKeys(), testClaims()
	part, _, err := SplitSealed(NewSigner(k).Seal(c))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{part, {}, part[:publicBytes], part[:len(part)-1], make([]byte, MaxSealedBytes)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _, err := Open(b, []Key{k.ServerKey(c.Server)}, c.Server, start, true)
		if err == nil {
			// Only what the key sealed opens, and only this was ever sealed with it.
			if got.ExpiresAt = c.ExpiresAt; got != c {
				t.Fatalf("%x gave %+v", b, got)
			}
			return
		}
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) && !errors.Is(err, ErrOtherServer) {
			t.Fatalf("%x: %v", b, err)
		}
	})
}

// What was sealed is read by a decoder of its own, which must stand whatever a key's holder seals.
func FuzzSealedClaims(f *testing.F) {
	f.Add(make([]byte, fixedBytes))
	f.Add(append(make([]byte, fixedBytes), 1, 'a', 1, 'b', 1, 'c', 1, 'd'))
	f.Add(append(make([]byte, fixedBytes), 255))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if len(plain) < fixedBytes {
			return
		}
		if c, _, err := sealedClaims(make([]byte, publicBytes), plain); err == nil && !model.ValidKey(string(c.Player)) {
			t.Fatalf("took %+v", c)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s, c := NewSigner(testKeys()), testClaims()
	b.ReportAllocs()
	for b.Loop() {
		s.Seal(c)
	}
}

func BenchmarkOpen(b *testing.B) {
	k, c := testKeys(), testClaims()
	part, _, err := SplitSealed(NewSigner(k).Seal(c))
	if err != nil {
		b.Fatal(err)
	}
	keys := []Key{k.ServerKey(c.Server)}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Open(part, keys, c.Server, start, false); err != nil {
			b.Fatal(err)
		}
	}
}
