package model

import "strconv"

// Count says n things in English: "1 server", "3 servers". The noun is given in the singular and takes an "s".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
