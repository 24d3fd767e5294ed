package visitor

import "testing"

func TestAPageOfTheSameHostAndPortIsNotForeignHoweverTheyAreWritten(t *testing.T) {
	f := func(host, origin string, foreign bool) {
		t.Helper()
		if got := Foreign(canonicalAt(t, host, "POST /", "Origin: "+origin, "X-Last: 1")); got != foreign {
			t.Errorf("a page of %s asks %s: foreign is %t", origin, host, got)
		}
	}
	f("a.kr", "https://a.kr", false)
	f("a.kr.", "https://a.kr.", false) // as browsers write a name with its last dot
	f("a.kr.:8443", "https://a.kr.:8443", false)
	f("a.kr:443", "https://a.kr", false) // as some in front write the port of the scheme, too
	f("a.kr:80", "http://a.kr", false)
	f("[2001:db8::1]:443", "https://[2001:db8::1]", false)
	f("a.kr:8443", "https://a.kr:8443", false)
	f("a.kr:443", "http://a.kr", true)
	f("a.kr:8443", "https://a.kr", true)
	f("a.kr", "https://a.kr:8443", true)
	f("a.kr", "https://a.kr.evil", true)
	f("a.kr", "https://evil.a.kr", true)
	f("a.kr", "https://a.kr@evil", true)
	f("a.kr", "https://", true)
	f("a.kr", "https://.", true)
	f("a.kr", "null", true)
	f("a.kr", "a.kr", true)
	f("a.kr", "//a.kr", true)
}
