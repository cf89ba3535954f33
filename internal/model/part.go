package model

import (
	"strconv"
	"strings"
)

// PartOf reads a number of servers such as "3", or a share of all of them such as "25%", as a whole number: rounded down for
// what bounds, rounded up for what has to do something. A share is of 100% at most. ok is false when it is neither, or below 0.
func PartOf(s string, all int) (down, up int, ok bool) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n < 0:
		return 0, 0, false
	case percent:
		n = min(n, 100) * max(0, all)
		return n / 100, (n + 99) / 100, true
	}
	return n, n, true
}
