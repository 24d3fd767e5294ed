package page

import (
	"strings"
	"testing"
)

// FuzzLanguage: the languages of the page and no other come of whatever a browser says, and one that refuses a language
// and wants the other gets the other.
func FuzzLanguage(f *testing.F) {
	for _, text := range []string{"ko-KR,ko;q=0.9,en;q=0.8", "en", "*", "fr;q=1, *;q=0.5", "ko;q=0, en;q=0.1", "ko;q=nan,en;q=1e400", ";;,,=", "EN-us;Q=1.0"} {
		f.Add(text, "")
	}
	f.Add("en", "ko")
	f.Fuzz(func(t *testing.T, accept, cookie string) {
		got := Language(accept, cookie)
		if got != "ko" && got != "en" {
			t.Fatalf("%q, %q: %q", accept, cookie, got)
		}
		if (cookie == "ko" || cookie == "en") && got != cookie {
			t.Fatalf("the cookie says %s, and it is %s", cookie, got)
		}
		if len(accept) < 400 && !strings.Contains(strings.ToLower(accept), "en") && Language(accept+",ko;q=1", "") != "ko" {
			t.Fatalf("%q and Korean is not Korean", accept)
		}
	})
}
