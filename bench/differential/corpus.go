// Package differential sends the same raw bytes to four backends, once directly and
// once through the gateway, and compares what each of them understood: nginx,
// HAProxy, Node's http and Go's net/http.
//
// It promises that a backend's account is its own: nginx and HAProxy are asked what
// they hand on, Node and net/http what their handlers are given. A backend that is
// not installed is skipped by name, never all of them silently. It judges nothing
// but agreement; what a request deserves is said elsewhere. Two more tests use the same
// servers the other way round: a backend whose answers have two readings, and nginx as a
// cache in front of the gateway.
package differential

import (
	"fmt"
	"slices"
	"strings"
)

// Smuggled is the target of the request that hides in other requests' bodies. It is
// protected, and never carries a pass.
const Smuggled = "/smuggled"

// smuggled is that request.
const smuggled = "GET " + Smuggled + " HTTP/1.1\r\nHost: a.test\r\n\r\n"

// The places in a Case's text that differ with the way of sending.
const (
	targetMark   = "{T}" // an address that this way may reach
	identityMark = "{I}" // the lines of who sends it
)

// Case is bytes for one connection.
type Case struct {
	// Family is the id in the catalogue of attempts, Why one sentence.
	Family, Why string
	// Text holds targetMark and identityMark.
	Text string
	// Clean says that there is nothing wrong with it: every backend has to get it.
	Clean bool
	// Most is how many requests may arrive; 0 means one.
	Most int
}

// most is Most with its default.
func (c Case) most() int { return max(c.Most, 1) }

// Bytes are the text for a target and for the lines of who sends it.
func (c Case) Bytes(target, identity string) string {
	return strings.NewReplacer(targetMark, target, identityMark, identity).Replace(c.Text)
}

// Corpus is every case, by family.
func Corpus() []Case {
	return slices.Concat(framing(), chunks(), fields(), versions(), targets(), hosts(), methods(), expectations(), pipelines())
}

// get is a GET with further lines, each with its CRLF.
func get(target, lines string) string { return request("GET", target, lines) }

func request(method, target, lines string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: a.test\r\n" + identityMark + lines + "\r\n"
}

func post(lines, body string) string { return request("POST", targetMark, lines) + body }

// each makes a case of every text.
func each(family, what string, text func(string) string, values ...string) []Case {
	all := make([]Case, 0, len(values))
	for _, v := range values {
		all = append(all, Case{Family: family, Why: fmt.Sprintf(what, shown(v)), Text: text(v)})
	}
	return all
}

// shown is a value as a table can hold it.
func shown(v string) string {
	if len(v) > 60 {
		return fmt.Sprintf("%+q…", v[:40])
	}
	return fmt.Sprintf("%+q", v)
}
