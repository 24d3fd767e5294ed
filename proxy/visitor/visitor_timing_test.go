//go:build !race

// The race detector drops pooled values on purpose, so allocations are counted without it.

package visitor

import "testing"

func TestReadingAllocatesNothing(t *testing.T) {
	c := NewCookies(false, []string{"a"})
	q := canonical(t, "GET /", "User-Agent: Mozilla/5.0", "Accept: text/html, application/json;q=0.9", "Sec-Fetch-Dest: document",
		"Cookie: waitroom-ticket-a=T; waitroom-pass-a=P; waitroom-device="+device)
	if n := testing.AllocsPerRun(100, func() { _ = c.Read(q, "a", nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
