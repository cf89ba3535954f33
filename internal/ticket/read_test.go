package ticket

import (
	"errors"
	"testing"
	"time"
)

func TestReadTakesBoth(t *testing.T) {
	k, c := testKeys(), testClaims()
	keys, signer := []Key{k.ServerKey(c.Server)}, NewSigner(k)
	part, _, err := SplitSealed(signer.Seal(c))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"ticket": signer.Sign(c), "connect token": ShownText(part)} {
		if got, err := Read(token, keys, c.Server, start, false); err != nil || !got.ExpiresAt.Equal(c.ExpiresAt) || got.Seat != c.Seat || got.Session != c.Session {
			t.Errorf("%s says %+v, %v", name, got, err)
		}
		if _, err := Read(token, keys, c.Server, c.ExpiresAt, false); !errors.Is(err, ErrExpired) {
			t.Errorf("%s, expired: %v", name, err)
		}
		if _, err := Read(token, keys, c.Server, c.ExpiresAt.Add(time.Hour), true); err != nil {
			t.Errorf("%s, expired and of a claimed seat: %v", name, err)
		}
		if _, err := Read(token, keys, "another", start, false); !errors.Is(err, ErrOtherServer) {
			t.Errorf("%s of another server: %v", name, err)
		}
	}
	for _, token := range []string{"", "x", "é", signer.Seal(c)} { // the last one with its secret part
		if _, err := Read(token, keys, c.Server, start, false); err == nil {
			t.Errorf("%q was taken", token)
		}
	}
}
