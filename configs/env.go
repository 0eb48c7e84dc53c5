package configs

import (
	"fmt"
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME} by what env holds and $$ by a dollar sign; any other dollar sign stands for itself. What a
// variable holds is not looked at again.
func expand(s string, env func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "$")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), nil
		case strings.HasPrefix(after, "$"):
			b.WriteByte('$')
			s = after[1:]
		case strings.HasPrefix(after, "{"):
			name, rest, closed := strings.Cut(after[1:], "}")
			if !closed || !variable.MatchString(name) {
				return "", fmt.Errorf("${ begins a variable: write it like ${NAME}, or $${ for the characters themselves")
			}
			value, set := env(name)
			if !set {
				return "", fmt.Errorf("the environment variable %s is not set: set it, or write $${%s} for the characters themselves", name, name)
			}
			b.WriteString(value)
			s = rest
		default:
			b.WriteByte('$')
			s = after
		}
	}
}
