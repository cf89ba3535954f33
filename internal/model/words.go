package model

import (
	"strconv"
	"strings"
	"time"
)

// Count says n things in English: "1 server", "3 servers". The noun is given in the singular and takes an "s".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// AppendCount appends what Count says.
func AppendCount(to []byte, n int, noun string) []byte {
	to = append(append(strconv.AppendInt(to, int64(n), 10), ' '), noun...)
	if n != 1 {
		to = append(to, 's')
	}
	return to
}

// Duration prints a duration exactly, without empty parts at its end: "1h", not "1h0m0s". time.ParseDuration reads it.
func Duration(d time.Duration) string {
	text := d.String()
	for _, empty := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, empty) {
			text = text[:len(text)-2]
		}
	}
	return text
}
