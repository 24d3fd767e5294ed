package config

import (
	"fmt"
	"io"
)

const redacted = "[redacted]"

// Secret is text that is never shown: printing, formatting with any verb, JSON, YAML and logs give
// `[redacted]`. Only Reveal gives the value. The zero value is an empty secret.
type Secret struct{ value string }

// newSecret makes a secret of text.
func newSecret(text string) Secret { return Secret{text} }

// Reveal is the value. Whoever calls it keeps it out of logs, errors and pages.
func (s Secret) Reveal() string { return s.value }

// IsSet says whether there is a value that is not empty.
func (s Secret) IsSet() bool { return s.value != "" }

// String is `[redacted]`.
func (Secret) String() string { return redacted }

// Format writes `[redacted]` for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText is `[redacted]`.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
