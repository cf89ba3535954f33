package ticket

import (
	"encoding/base64"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// ShownText is the shown part of a connect token as Read takes it: URL-safe base64 without padding.
func ShownText(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

// Read is Verify for a ticket, and Open for what ShownText gives. A ticket has dots, the other has none.
func Read(token string, keys []Key, server model.ServerID, now time.Time, allowExpired bool) (Claims, error) {
	if len(token) > MaxLength || strings.Contains(token, ".") {
		return Verify(token, keys, server, now, allowExpired)
	}
	part, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return Claims{}, ErrMalformed
	}
	claims, _, err := Open(part, keys, server, now, allowExpired)
	return claims, err
}
