package configs

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a text that prints, logs and marshals as [redacted], whatever the verb or the format (but %p, which asks no
// method and which vet refuses). Only Reveal gives it away. Secrets compare with ==; the zero Secret is the empty text.
type Secret struct {
	text string
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret { return Secret{text} }

func parseSecret(text string) (Secret, error) { return NewSecret(text), nil }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.text }

// String returns [redacted].
func (s Secret) String() string { return redacted }

// GoString returns [redacted].
func (s Secret) GoString() string { return redacted }

// Format writes [redacted] for every verb: with a wrong one, package fmt would print the text itself.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, redacted) }

// LogValue returns [redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [redacted]; JSON, YAML and XML use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
