package canary

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

// tape is what came on one connection, request or not, up to its bound.
type tape struct {
	mu   sync.Mutex
	text []byte
}

// maxTape bounds what is kept of one connection, and around how much is shown of it.
const (
	maxTape = 4 << 20
	around  = 512
)

func (t *tape) write(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[:min(len(b), maxTape-len(t.text))]...)
}

// find gives what stands around a mark.
func (t *tape) find(mark []byte) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := bytes.Index(t.text, mark)
	if at < 0 {
		return "", false
	}
	return string(t.text[max(0, at-around):min(len(t.text), at+len(mark)+around)]), true
}

// Marked gives the requests that carry a mark in their address or in a field.
func (c *Canary) Marked(mark string) []Visit {
	var all []Visit
	for _, v := range c.Visits() {
		if v.carries(mark) {
			all = append(all, v)
		}
	}
	return all
}

func (v *Visit) carries(mark string) bool {
	if strings.Contains(v.URI, mark) || strings.Contains(v.Host, mark) || strings.Contains(v.Method, mark) {
		return true
	}
	for name, values := range v.Header {
		if strings.Contains(name, mark) || slices.ContainsFunc(values, func(s string) bool { return strings.Contains(s, mark) }) {
			return true
		}
	}
	return false
}

// Heard says whether a mark is among the bytes that arrived, in a request or outside of
// any, and gives what stands around it.
func (c *Canary) Heard(mark string) (string, bool) {
	c.mu.Lock()
	tapes := slices.Clone(c.heard)
	c.mu.Unlock()
	for _, t := range tapes {
		if text, ok := t.find([]byte(mark)); ok {
			return text, true
		}
	}
	return "", false
}
