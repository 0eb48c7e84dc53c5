package hunting

import (
	"fmt"
	"log/slog"
)

// Secret is a text that no log, error or dump shows: only Reveal returns it. The zero value is no secret at all.
type Secret struct {
	text *string // a pointer, as fmt prints the fields of a struct around it without asking its methods
}

// NewSecret hides text; "" is no secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

const redacted = "[redacted]"

// String prints a placeholder, or nothing if there is no secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return redacted
}

// GoString prints what String prints.
func (s Secret) GoString() string { return s.String() }

// Format prints what String prints, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue is what String prints.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes what String prints.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalText writes what String prints.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
