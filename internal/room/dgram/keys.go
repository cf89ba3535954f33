package dgram

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
)

// Purposes of the derived keys (HKDF's info).
const (
	purposeHello    = "greenroom udp hello 1"
	purposeToServer = "greenroom udp to server 1"
	purposeToPlayer = "greenroom udp to player 1"
)

// NonceBytes is the length of a Nonce.
const NonceBytes = 16

// Nonce is the player's random name for one handshake.
type Nonce [NonceBytes]byte

// Secrets are the token's two direction keys. They seal nothing themselves: a token may be shown again, and each of its
// connections has keys of its own.
type Secrets struct{ ToServer, ToPlayer [32]byte }

// Keys answers a connection's AEADs: AES-256-GCM under HKDF-SHA256(direction key, salt nonce · connection id). The random
// parts of both ends are in the salt, so neither end ever seals twice with one key and packet number.
func (s *Secrets) Keys(nonce Nonce, id uint64) (toServer, toPlayer cipher.AEAD) {
	salt := binary.LittleEndian.AppendUint64(nonce[:], id)
	return aead(s.ToServer[:], salt, purposeToServer), aead(s.ToPlayer[:], salt, purposeToPlayer)
}

// hello answers the AEAD of the one Hello that follows a cookie.
func (s *Secrets) hello(nonce Nonce, cookie Cookie) cipher.AEAD {
	return aead(s.ToServer[:], append(nonce[:], cookie[:]...), purposeHello)
}

func aead(secret, salt []byte, purpose string) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, secret, salt, purpose, 32)
	if err != nil {
		panic("dgram: derive a key: " + err.Error()) // only for more than 255 hashes of output
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("dgram: " + err.Error()) // only for a key of another length
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("dgram: " + err.Error()) // only for a cipher of other blocks
	}
	return gcm
}

// putNonce is the AEAD's nonce of a packet number: 4 zero bytes · number 8.
func putNonce(n *[12]byte, packet uint64) []byte {
	binary.LittleEndian.PutUint64(n[4:], packet)
	return n[:]
}
