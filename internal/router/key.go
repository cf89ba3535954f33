package router

import (
	"crypto/rand"
	"encoding/base32"

	"greenroom.dev/greenroom/internal/model"
)

var keyEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// randomKey makes up a session's key of 16 letters and digits, from 80 random bits.
func randomKey() model.SessionKey {
	var b [10]byte
	rand.Read(b[:]) // never fails: see crypto/rand
	return model.SessionKey(keyEncoding.EncodeToString(b[:]))
}
