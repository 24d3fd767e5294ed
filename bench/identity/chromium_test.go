package identity_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// TestAPersonInABrowserGoesToTheProviderAndComesBackInside is a real Chromium on the whole way. The provider is another site to it,
// so that cookies and policies count as they will.
func TestAPersonInABrowserGoesToTheProviderAndComesBackInside(t *testing.T) {
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	chromium, err := browser.Launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Close)
	s := open(t, setting{inBrowser: true})
	verify := func(tab *browser.Tab) string {
		t.Helper()
		if a := tab.Goto(s.origin + "/book?day=1"); a.Status != http.StatusOK {
			t.Fatalf("the choice page: %+v", a)
		}
		click(t, tab, `form [formaction$="/login/demo"]`)
		click(t, tab, `a[href*="person=7"]`)
		page := ""
		gateway.Until(t, "the browser to be back", 20*time.Second, func() bool {
			page = ""
			_ = tab.Try("document.readyState === 'complete' && location.origin === '"+s.origin+"' ? document.documentElement.outerHTML : ''", &page)
			return page != ""
		})
		return page
	}
	first := chromium.Open(t, browser.Options{})
	if page := verify(first); !strings.Contains(page, "id=inside") && !strings.Contains(page, `id="inside"`) {
		t.Errorf("the first browser is not inside:\n%s", page)
	}
	if address := first.Frames()[0]; address != s.origin+"/book?day=1" {
		t.Errorf("it is at %s", address)
	}
	// The same person in another browser.
	second := chromium.Open(t, browser.Options{})
	if page := verify(second); !strings.Contains(page, `data-kind="held"`) {
		seen := ""
		second.Run("document.body.innerText", &seen)
		t.Errorf("at %s a second browser of the same person sees\n%s", second.Frames()[0], seen)
	}
}

// click clicks on what a selector finds, when it is there.
func click(t *testing.T, tab *browser.Tab, selector string) {
	t.Helper()
	gateway.Until(t, selector, 20*time.Second, func() bool {
		clicked := false
		_ = tab.Try("(() => { const e = document.querySelector(`"+selector+"`); if (e) setTimeout(() => e.click()); return !!e })()", &clicked)
		return clicked
	})
}
