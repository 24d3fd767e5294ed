package attempts

import (
	"regexp"
	"strings"
	"testing"

	"waitroom/bench/gateway"
)

// ours says whether an answer is one that the gateway itself gives: its page, a standing,
// a problem, its keys, or nothing at all.
func ours(status int, kind, body string) bool {
	switch {
	case body == "", strings.Contains(body, "urn:waitroom:problem:"), strings.Contains(body, `data-waitroom="page"`),
		strings.Contains(body, `"next_poll_ms"`), strings.Contains(body, `"server_time"`), strings.HasPrefix(kind, "application/jwk-set+json"):
		return true
	}
	// What fasthttp refuses before anybody is asked.
	return status == 417 || status >= 400 && len(body) < 100 && !strings.Contains(body, "<")
}

// learn finds out how the backend's page differs from the gateway's.
func (o *Site) learn(t testing.TB, v *gateway.Visitor) {
	t.Helper()
	if o.inside != "" {
		return
	}
	a := v.Navigate(t, o.Page)
	if ours(a.Status, a.Header.Get("Content-Type"), a.Body) {
		t.Fatalf("a valid pass does not open %s%s: %d", o.URL, o.Page, a.Status)
	}
	o.inside = title(a.Body)
	if strings.Contains(a.Body, "id=inside") {
		o.inside = "id=inside"
	}
}

var titled = regexp.MustCompile(`(?is)<title[^>]*>.{3,200}?</title>`)

// title is what is told of the backend's page by; the whole page where it has no title.
func title(body string) string {
	if found := titled.FindString(body); found != "" {
		return found
	}
	return body
}

// strange says why an answer looks as if the backend had given it, "" where it does not.
func (o *Site) strange(status int, kind, body string) string {
	switch {
	case o.inside != "" && strings.Contains(body, o.inside):
		return "the answer has the backend's page in it"
	case o.Canary == nil && !ours(status, kind, body):
		return "the answer is not one of the gateway's own; there is no canary to say whether the backend gave it"
	}
	return ""
}
