// Package nearest owns the guess which known word somebody meant.
package nearest

import "strings"

// DidYouMean gives " (did you mean x?)" for the known name nearest to the given one; "" when none is near.
func DidYouMean(given string, known []string) string {
	if len(given) > 64 {
		return ""
	}
	best, distance := "", len(given)/3+1
	for _, k := range known {
		if n := editDistance(fold(given), fold(k)); n <= distance && (best == "" || n < distance) {
			best, distance = k, n
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// fold makes maxServers, max-servers and max_servers the same.
func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

// editDistance is Levenshtein's: the least number of letters to add, drop or change.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
