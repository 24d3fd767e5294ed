package waiting

import (
	"regexp"
	"strings"
	"testing"

	"waitroom/proxy/waiting/choice"
)

func TestThePagesAroundIdentityAreSentSmallAndProtected(t *testing.T) {
	pages := choice.New()
	offer := []choice.Provider{{Name: "kakao", Korean: "카카오", English: "Kakao", Light: "smooth"}, {Name: "naver", Korean: "네이버", English: "Naver", Light: "down"}}
	const now = 1628766250000000
	f := func(why string, facts choice.Facts, status int) {
		t.Helper()
		for _, language := range []string{"ko", "en"} {
			facts.Room, facts.Return, facts.ServerTime = "booking", "/book?a=1&b=2", now
			ctx, q := request(t, "Accept-Encoding: gzip", "Accept-Language: "+language)
			WriteChoice(ctx, q, pages, &facts, status)
			h := &ctx.Response.Header
			size := len(ctx.Response.Body())
			got, err := ctx.Response.BodyGunzip()
			if err != nil || string(got) != string(pages.Append(nil, &facts)) {
				t.Errorf("%s in %s: another page compressed, %v", why, language, err)
			}
			if size >= 8_000 {
				t.Errorf("%s in %s: %d bytes", why, language, size)
			}
			t.Logf("%s in %s: %d bytes", why, language, size)
			nonce := regexp.MustCompile(`<script nonce="([^"]+)"`).FindSubmatch(got)
			policy := string(h.Peek("Content-Security-Policy"))
			if nonce == nil || policy != choice.Policy(strings.ReplaceAll(string(nonce[1]), "&#43;", "+"), facts.HTTP) {
				t.Errorf("%s: the policy is not that of the page: %s", why, policy)
			}
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Content-Language": language, "Referrer-Policy": "same-origin",
				"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding, Accept-Language", "Content-Type": "text/html; charset=utf-8",
			} {
				if got := string(h.Peek(name)); got != want {
					t.Errorf("%s: %s is %q, want %q", why, name, got, want)
				}
			}
			if ctx.Response.StatusCode() != status {
				t.Errorf("%s: %d", why, ctx.Response.StatusCode())
			}
		}
	}
	f("the choice", choice.Facts{Providers: offer, Invitations: true, OpensAt: now + 1}, 200)
	f("the choice again", choice.Facts{Providers: offer, Failure: "incomplete", Failed: "kakao", Missing: []string{"birthdate"}, HTTP: true}, 403)
	f("held", choice.Facts{Kind: choice.Held, Since: now - 1, Until: now + 1, Family: "Chrome"}, 409)
	f("not eligible", choice.Facts{Kind: choice.NotEligible, Reason: "not_your_day", Digit: "3", From: now + 1, To: now + 2}, 403)
	f("sold out", choice.Facts{Kind: choice.SoldOut, OpensAt: now + 1}, 200)
	f("taken over", choice.Facts{Kind: choice.Taken, Since: now - 1, Until: now + 1}, 409)
}
