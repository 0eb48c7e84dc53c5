package configs

import (
	"fmt"
	"strings"
)

// hint says what a misspelt name may have meant, or what there is.
func hint(name string, known []string) string {
	if best, ok := Nearest(name, known); ok {
		return fmt.Sprintf("did you mean %s?", best)
	}
	return "want one of " + strings.Join(known, ", ")
}

// Nearest returns the known name that a misspelt one is most likely to have meant, if any is like it: a third of its
// letters may be wrong, and one more. Upper and lower case are the same.
func Nearest(name string, known []string) (best string, ok bool) {
	least := len(name)/3 + 1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= least {
			best, least, ok = k, d-1, true
		}
	}
	return best, ok
}

// distance counts the bytes to insert, delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
