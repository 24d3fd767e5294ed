// Package brrr stands where fasthttp links a brotli library. The gateway neither writes brotli nor reads it: answers are passed
// on as the backend encoded them, and what the gateway compresses itself is gzip. fasthttp's own calls still name the library, so
// that the linker keeps all of it, more than half a megabyte. Here every call is refused.
//
// It is a module of its own, by the `replace` in go.mod, and has the names that fasthttp uses, no more.
package brrr

import (
	"errors"
	"io"
)

// The levels that fasthttp names.
const (
	BestSpeed       = 0
	BestCompression = 11
)

var errNone = errors.New("brotli is neither read nor written here")

// Reader refuses to read.
type Reader struct{}

// NewReader gives a reader that refuses.
func NewReader(io.Reader) *Reader { return &Reader{} }

// Read fails.
func (*Reader) Read([]byte) (int, error) { return 0, errNone }

// Reset does nothing.
func (*Reader) Reset(io.Reader) {}

// Writer refuses to write.
type Writer struct{}

// NewWriter gives a writer that refuses.
func NewWriter(io.Writer, int) (*Writer, error) { return &Writer{}, nil }

// Write fails.
func (*Writer) Write([]byte) (int, error) { return 0, errNone }

// Flush fails.
func (*Writer) Flush() error { return errNone }

// Close has nothing to close.
func (*Writer) Close() error { return nil }

// Reset does nothing.
func (*Writer) Reset(io.Writer) {}
