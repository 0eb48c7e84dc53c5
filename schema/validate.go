package schema

import (
	"errors"
	"fmt"
	"strings"
)

// Validate names everything about t that no table may be: a column without source or name, of an unknown kind, or
// whose name, or whose companion's name, equals another when lower-cased.
func (t Table) Validate() error {
	var errs []error
	taken := map[string]string{"tenant": "the partition key", "dt": "the partition key"}
	claim := func(name, by string) {
		lower := strings.ToLower(name)
		if other, ok := taken[lower]; ok {
			errs = append(errs, fmt.Errorf("column %q has the name of %s", name, other))
		}
		taken[lower] = by
	}
	for _, c := range t.Columns {
		if c.Source == "" || c.Name == "" || c.Kind < Bool || c.Kind > Timestamp {
			errs = append(errs, fmt.Errorf("column %q from %q of kind %v", c.Name, c.Source, c.Kind))
			continue
		}
		claim(c.Name, "column "+c.Name)
		if c.Kind == Timestamp {
			claim(c.Name+CompanionSuffix, "the companion of "+c.Name)
		}
	}
	return errors.Join(errs...)
}
