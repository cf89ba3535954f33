package wire

import "unicode/utf8"

// ValidName tells whether s may be a state's key, an event's or a signal's name: 1–128 bytes of UTF-8 without "+", "#"
// and control characters, not starting or ending with "/".
func ValidName(s string) bool {
	if len(s) == 0 || len(s) > MaxName || s[0] == '/' || s[len(s)-1] == '/' || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == '+' || c == '#' {
			return false
		}
	}
	return true
}
