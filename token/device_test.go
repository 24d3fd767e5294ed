package token

import (
	"bytes"
	"strings"
	"testing"
)

const (
	cookieA = "AAECAwQFBgcICQoLDA0ODw"
	cookieB = "AAECAwQFBgcICQoLDA0OEA"

	chromeWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
	chromeMac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
	chromeAndroid = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
	edgeWindows   = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"
	firefox       = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
	safariPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
	kakaoPhone    = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 KAKAOTALK 10.8.5"
)

func mustDevice(t *testing.T, cookie, agent, platform string) Device {
	t.Helper()
	d, ok := DeviceOf([]byte(cookie), []byte(agent), []byte(platform))
	if !ok {
		t.Fatalf("cookie %q is refused", cookie)
	}
	return d
}

func TestADeviceIsKnownByCookieAndBrowser(t *testing.T) {
	f := func(was, is Device, want Binding) {
		t.Helper()
		if got, back := is.Same(was), was.Same(is); got != want || back != want {
			t.Fatalf("%v, and the other way round %v; want %v", got, back, want)
		}
	}
	d := func(cookie, agent, platform string) Device { t.Helper(); return mustDevice(t, cookie, agent, platform) }
	was := d(cookieA, chromeWindows, `"Windows"`)
	f(was, d(cookieA, chromeWindows, `"Windows"`), Same)
	f(was, d(cookieB, chromeWindows, `"Windows"`), OtherDevice)
	f(was, Device{}, OtherDevice)
	f(Device{}, Device{}, OtherDevice) // having no identity in common is nothing in common

	// Updates.
	f(was, d(cookieA, strings.ReplaceAll(chromeWindows, "126.0.0.0", "127.0.6533.72"), `"Windows"`), Same)
	f(d(cookieA, firefox, ""), d(cookieA, strings.ReplaceAll(firefox, "127.0", "128.0a1"), ""), Same)
	f(d(cookieA, safariPhone, ""), d(cookieA, strings.NewReplacer("17_5", "17_5_1", "17.5", "17.5.1").Replace(safariPhone), ""), Same)
	f(d(cookieA, kakaoPhone, ""), d(cookieA, strings.NewReplacer("10.8.5", "10.10.0", "15E148", "21F90").Replace(kakaoPhone), ""), Same)

	// A hint that one of both did not show; browsers do not send it everywhere.
	f(was, d(cookieA, chromeWindows, ""), Same)
	f(was, d(cookieA, chromeWindows, `""`), Same)
	f(was, d(cookieA, chromeWindows, `Windows`), Same)
	f(was, d(cookieA, chromeWindows, `"Linux"`), OtherBrowser)

	// The User-Agent is always shown.
	f(was, d(cookieA, "", `"Windows"`), OtherBrowser)
	f(d(cookieA, "", ""), d(cookieA, "", ""), Same)
	agents := []string{chromeWindows, chromeMac, chromeAndroid, edgeWindows, firefox, safariPhone, kakaoPhone, "curl/8.9.1", "x"}
	for i, a := range agents {
		for j, b := range agents {
			want := OtherBrowser
			if i == j {
				want = Same
			}
			f(d(cookieA, a, ""), d(cookieA, b, ""), want)
		}
	}
}

func TestADeviceCookieHasOneSpelling(t *testing.T) {
	f := func(cookie string, want bool) {
		t.Helper()
		d, ok := DeviceOf([]byte(cookie), []byte(firefox), nil)
		if ok != want || !ok && d != (Device{}) {
			t.Fatalf("%q: %v, %v", cookie, d, ok)
		}
	}
	f(cookieA, true)
	f("", false)
	f(cookieA[:21], false)
	f(cookieA+"A", false)
	f(cookieA+"==", false)
	f(cookieA[:21]+"x", false) // stray bits
	f(cookieA[:20]+"\r\n", false)
	f("+"+cookieA[1:], false)
	f(" "+cookieA[1:], false)
	f(strings.Repeat("A", 1<<16), false)
}

func TestNewDeviceIDsAreRandomAndAccepted(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		cookie := NewDeviceID()
		id := string(cookie[:])
		if seen[id] {
			t.Fatalf("%s twice", id)
		}
		seen[id] = true
		mustDevice(t, id, firefox, "")
	}
}

func TestATokenDoesNotGiveTheCookieAway(t *testing.T) {
	secret, err := strict.DecodeString(cookieA)
	if err != nil {
		t.Fatal(err)
	}
	d := mustDevice(t, cookieA, firefox, "")
	if bytes.Contains(d.ID[:], secret[:8]) {
		t.Fatalf("the identity %x shows the secret %x", d.ID, secret)
	}
}

func TestVerdictsHaveNames(t *testing.T) {
	f := func(b Binding, want string) {
		t.Helper()
		if b.String() != want {
			t.Fatalf("%d is %q, want %q", b, b, want)
		}
	}
	f(Same, "same")
	f(OtherBrowser, "other_browser")
	f(OtherDevice, "other_device")
	f(Binding(0), "other_device") // whoever forgets to ask is refused
}
