package ticket

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// A connect token is a ticket for the UDP door, which has no secret channel to show one on. Its text is URL-safe base64
// without padding of three parts, numbers little endian:
//
//	public  version 1 (1) · expiry 8 (unix seconds) · key id 4 · server 4 (of SHA-256 of its name) · nonce 12
//	sealed  AES-256-GCM of the claims, with the public part as additional data, under a key made of the server's
//	        ticket key: to server 32 · to player 32 · seat 8 · generation 8 · capacity 4 · 4 × (length 1 · text):
//	        server, player, route, session key; then the tag 16
//	keys    to server 32 · to player 32
//
// The player shows the first two parts and keeps the third.

const (
	sealVersion = 1
	nonceBytes  = 12
	tagBytes    = 16
	publicBytes = 1 + 8 + 4 + 4 + nonceBytes
	fixedBytes  = 2*DirectionKeyBytes + 8 + 8 + 4
	maxText     = 255 // a text's length is one byte

	purposeSeal = "greenroom connect token 1"
)

// DirectionKeyBytes is the length of each of DirectionKeys.
const DirectionKeyBytes = 32

// MaxSealedBytes bounds what a player shows of a connect token: the public and the sealed part.
const MaxSealedBytes = 704

// DirectionKeys are what a player and its server make the keys of their connections of, one for each direction.
type DirectionKeys struct{ ToServer, ToPlayer [DirectionKeyBytes]byte }

// sealing is what sealing for one server needs over and over.
type sealing struct {
	aead cipher.AEAD
	head [publicBytes]byte // with the key's id and the server
}

// sealer answers the AEAD of a server's ticket key.
func sealer(secret []byte) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, secret, nil, purposeSeal, 32)
	if err != nil {
		panic("ticket: derive a key: " + err.Error()) // only for more than 255 hashes of output
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("ticket: " + err.Error()) // only for a key of another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("ticket: " + err.Error()) // only for a cipher of other blocks
	}
	return aead
}

func newSealing(id model.ServerID, key Key) *sealing {
	s := &sealing{aead: sealer(key.Secret)}
	s.head[0] = sealVersion
	copy(s.head[9:13], keyID(key))
	copy(s.head[13:17], serverMark(id))
	return s
}

// Seal answers the connect token for c under its server's key, with direction keys of its own. ExpiresAt is cut to whole
// seconds. Names longer than 255 bytes give a token that opens nothing.
func (s *Signer) Seal(c Claims) string {
	st := s.state(c.Server)
	st.mu.Lock()
	if st.sealing == nil {
		st.sealing = newSealing(c.Server, s.keys.ServerKey(c.Server))
	}
	seal := st.sealing
	st.mu.Unlock()
	return seal.seal(&c)
}

func (s *sealing) seal(c *Claims) string {
	var room [MaxSealedBytes + 2*DirectionKeyBytes]byte
	var random [nonceBytes + 2*DirectionKeyBytes]byte
	_, _ = rand.Read(random[:]) // it never fails
	nonce, keys := random[:nonceBytes], random[nonceBytes:]

	b := append(room[:0], s.head[:]...)
	binary.LittleEndian.PutUint64(b[1:], uint64(c.ExpiresAt.Unix()))
	copy(b[publicBytes-nonceBytes:], nonce)
	b = append(b, keys...)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.Seat))
	b = binary.LittleEndian.AppendUint64(b, uint64(c.Generation))
	b = binary.LittleEndian.AppendUint32(b, uint32(c.Capacity))
	for _, text := range []string{string(c.Server), string(c.Player), string(c.Session.Route), string(c.Session.Key)} {
		b = append(append(b, byte(min(len(text), maxText))), text[:min(len(text), maxText)]...)
	}
	b = s.aead.Seal(b[:publicBytes], nonce, b[publicBytes:], b[:publicBytes])
	return base64.RawURLEncoding.EncodeToString(append(b, keys...))
}

// SplitSealed takes a connect token apart for its player: what is shown to the server, and the keys. ErrMalformed: it is none.
func SplitSealed(token string) (part []byte, keys DirectionKeys, err error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	at := len(b) - 2*DirectionKeyBytes
	if err != nil || at < publicBytes+fixedBytes+tagBytes || at > MaxSealedBytes || b[0] != sealVersion {
		return nil, DirectionKeys{}, ErrMalformed
	}
	copy(keys.ToServer[:], b[at:])
	copy(keys.ToPlayer[:], b[at+DirectionKeyBytes:])
	return b[:at:at], keys, nil
}

// Open answers what the shown part of a connect token says, and its direction keys, if one of keys sealed it for server
// and it has not expired at now. With allowExpired an expired one is good too: that of a seat which is already claimed.
// The error is one of this package's; part is left as it was.
func Open(part []byte, keys []Key, server model.ServerID, now time.Time, allowExpired bool) (Claims, DirectionKeys, error) {
	if len(part) < publicBytes+fixedBytes+tagBytes || len(part) > MaxSealedBytes || part[0] != sealVersion {
		return Claims{}, DirectionKeys{}, ErrMalformed
	}
	public, sealed := part[:publicBytes], part[publicBytes:]
	// Nothing is proved yet: this only chooses between two reasons to refuse.
	if string(public[13:17]) != string(serverMark(server)) {
		return Claims{}, DirectionKeys{}, ErrOtherServer
	}
	var room [MaxSealedBytes]byte
	for _, k := range keys {
		if string(keyID(k)) != string(public[9:13]) {
			continue
		}
		plain, err := sealer(k.Secret).Open(room[:0], public[publicBytes-nonceBytes:], sealed, public)
		if err != nil {
			continue
		}
		c, dir, err := sealedClaims(public, plain)
		switch {
		case err != nil:
		case c.Server != server:
			err = ErrOtherServer
		case !allowExpired && !now.Before(c.ExpiresAt):
			err = ErrExpired
		}
		if err != nil {
			return Claims{}, DirectionKeys{}, err
		}
		return c, dir, nil
	}
	return Claims{}, DirectionKeys{}, ErrSignature
}

// sealedClaims reads what was sealed and checks its form.
func sealedClaims(public, plain []byte) (c Claims, keys DirectionKeys, err error) {
	copy(keys.ToServer[:], plain)
	copy(keys.ToPlayer[:], plain[DirectionKeyBytes:])
	b := plain[2*DirectionKeyBytes:]
	c.Seat = model.SeatID(binary.LittleEndian.Uint64(b))
	c.Generation = model.Generation(binary.LittleEndian.Uint64(b[8:]))
	c.Capacity = int(binary.LittleEndian.Uint32(b[16:]))
	c.ExpiresAt = time.Unix(int64(binary.LittleEndian.Uint64(public[1:])), 0)
	var texts [4]string
	b = b[20:]
	for i := range texts {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return Claims{}, DirectionKeys{}, ErrMalformed
		}
		end := 1 + int(b[0])
		texts[i], b = string(b[1:end]), b[end:]
	}
	c.Server, c.Player = model.ServerID(texts[0]), model.PlayerID(texts[1])
	c.Session = model.SessionRef{Route: model.RouteName(texts[2]), Key: model.SessionKey(texts[3])}
	if !model.ValidKey(texts[1]) || !model.ValidKey(texts[3]) || texts[2] == "" || c.Capacity < 1 || c.Capacity > MaxCapacity {
		return Claims{}, DirectionKeys{}, ErrMalformed
	}
	return c, keys, nil
}

// keyID is the key's id as the token has it.
func keyID(k Key) []byte {
	id, err := hex.DecodeString(k.ID)
	if err != nil || len(id) != keyIDBytes {
		sum := sha256.Sum256([]byte(k.ID))
		return sum[:keyIDBytes]
	}
	return id
}

// serverMark lets a server tell that a token is for another one before it has opened it.
func serverMark(id model.ServerID) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:4]
}
