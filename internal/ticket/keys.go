package ticket

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"

	"greenroom.dev/greenroom/internal/model"
)

// Purposes of what is derived from the master key (HKDF's info, before the server's name). Changing one changes every
// secret of its kind.
const (
	purposeSecret = "greenroom ticket secret 1 "
	purposeKeyID  = "greenroom ticket key id 1 "
	purposeToken  = "greenroom server token 1 "
)

const (
	secretBytes = 32
	keyIDBytes  = 4
)

// Keys derives every server's secrets from the master key (HKDF-SHA256, RFC 5869), so that nothing is kept per server
// and a restarted control plane knows them again. Safe for concurrent use.
type Keys struct{ master []byte }

// NewKeys keeps a copy of the master key, which is the store's 32 random bytes.
func NewKeys(master []byte) *Keys { return &Keys{master: append([]byte(nil), master...)} }

// ServerKey answers the key that tickets for a server are signed with.
func (k *Keys) ServerKey(id model.ServerID) Key {
	return Key{
		ID:     hex.EncodeToString(k.derive(purposeKeyID, id, keyIDBytes)),
		Secret: k.derive(purposeSecret, id, secretBytes),
	}
}

// ServerToken answers the bearer token by which a server proves who it is on its link.
func (k *Keys) ServerToken(id model.ServerID) string {
	return base64.RawURLEncoding.EncodeToString(k.derive(purposeToken, id, secretBytes))
}

// CheckServerToken tells whether token is the server's, in time that does not depend on where they differ.
func (k *Keys) CheckServerToken(id model.ServerID, token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(k.ServerToken(id))) == 1
}

func (k *Keys) derive(purpose string, id model.ServerID, n int) []byte {
	out, err := hkdf.Key(sha256.New, k.master, nil, purpose+string(id), n)
	if err != nil {
		panic("ticket: derive a key: " + err.Error()) // only for more than 255 hashes of output
	}
	return out
}
