package canary

import (
	"bytes"
	"fmt"
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

// Sighting is where a word was seen among what arrived.
type Sighting struct {
	// Visit is the request that has it in its address or in a field; nil where it stands
	// elsewhere, in a body or outside of any request.
	Visit *Visit
	// Text is what stands around it.
	Text string
}

// Words gives each word of letters and digits that has part in it and is among what
// arrived: once, in a request if it is in any.
func (c *Canary) Words(part string) map[string]Sighting {
	c.mu.Lock()
	tapes := slices.Clone(c.heard)
	c.mu.Unlock()
	all := map[string]Sighting{}
	for _, t := range tapes {
		t.mu.Lock()
		each(t.text, part, func(word, text string) { all[word] = Sighting{Text: text} })
		t.mu.Unlock()
	}
	for _, v := range c.Visits() {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s %s ", v.Method, v.Host, v.URI)
		for name, values := range v.Header {
			fmt.Fprint(&b, name, values)
		}
		each(b.Bytes(), part, func(word, _ string) {
			if all[word].Visit == nil {
				all[word] = Sighting{Visit: &v, Text: all[word].Text}
			}
		})
	}
	return all
}

// each calls f for each word that has part in it, with what stands around it.
func each(text []byte, part string, f func(word, text string)) {
	inWord := func(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(part))
		if at < 0 {
			return
		}
		begin, end := from+at, from+at+len(part)
		for begin > 0 && inWord(text[begin-1]) {
			begin--
		}
		for end < len(text) && inWord(text[end]) {
			end++
		}
		f(string(text[begin:end]), string(text[max(0, begin-around):min(len(text), end+around)]))
		from = end
	}
}
