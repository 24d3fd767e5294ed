package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compareValues compares what go-cmp cannot look into.
func compareValues() cmp.Option {
	return cmp.Options{
		cmp.Comparer(func(a, b Secret) bool { return a == b }),
		cmp.Comparer(func(a, b Rate) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
}

func TestASecretIsNeverShown(t *testing.T) {
	const value = "hunter2"
	c := Default()
	c.Operator.Token = newSecret(value)
	c.Store.URL = newSecret("redis://me:" + value + "@h:6379/0")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%-5.1v", "%t"} {
		for _, what := range []any{c.Operator.Token, &c.Operator.Token, c.Operator, &c.Operator, c.Store, c, *c, []Secret{c.Operator.Token}} {
			if text := fmt.Sprintf(verb, what); strings.Contains(text, value) || strings.Contains(text, fmt.Sprintf("%x", value)) {
				t.Errorf("%s of %T shows it: %s", verb, what, text)
			}
		}
	}
	data, err := json.Marshal(c)
	if err != nil || strings.Contains(string(data), value) || !strings.Contains(string(data), `"Token":"[redacted]"`) {
		t.Errorf("JSON: %s, %v", data, err)
	}
	for _, got := range []string{c.Operator.Token.String(), fmt.Sprint(c.Operator.Token), fmt.Sprintf("%#v", c.Operator.Token)} {
		if got != "[redacted]" {
			t.Errorf("shown as %q", got)
		}
	}
	if got := c.Operator.Token.Reveal(); got != value {
		t.Errorf("Reveal is %q", got)
	}
}

func TestTheStoreIsNamedWithoutItsPassword(t *testing.T) {
	f := func(s Store, want string) {
		t.Helper()
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(Store{}, "embedded")
	f(Store{URL: newSecret("rediss://me:hunter2@h:6379/1")}, "rediss://h:6379/1")
	f(Store{URL: newSecret("unix:///run/redis.sock")}, "unix:///run/redis.sock")
	f(Store{URL: newSecret("redis://me:hun%zzter2@h")}, "redis")
	f(Store{Sentinel: Sentinel{Addresses: []string{"a:1", "b:2"}, Master: "m"}, Password: newSecret("x")}, "redis sentinel m at a:1,b:2")
	f(Store{Cluster: Cluster{Addresses: []string{"a:1"}}}, "redis cluster at a:1")
}

func TestSizes(t *testing.T) {
	good := func(text string, want Size, spelt string) {
		t.Helper()
		if got, err := parseSize(text); err != nil || got != want || got.String() != spelt {
			t.Errorf("%q is %d, %q, %v", text, got, got, err)
		}
	}
	good("16KiB", 16<<10, "16KiB")
	good("10MiB", 10<<20, "10MiB")
	good("2GiB", 2<<30, "2GiB")
	good("512B", 512, "512B")
	good("2048B", 2048, "2KiB")
	good("0B", 0, "0B")
	bad := func(text string) {
		t.Helper()
		if got, err := parseSize(text); err == nil || got != 0 {
			t.Errorf("%q is %d", text, got)
		}
	}
	bad("16")   // of what?
	bad("16KB") // 1000 or 1024?
	bad("1.5MiB")
	bad("-1B")
	bad("MiB")
	bad("")
	bad("9999999999GiB") // more than an int64 holds
}

func TestBackendsAreBroughtIntoOneSpelling(t *testing.T) {
	good := func(text, want string) {
		t.Helper()
		b, err := parseBackend(text)
		if err != nil || b.String() != want {
			t.Errorf("%q is %q, %v; want %q", text, b, err, want)
			return
		}
		if again, err := parseBackend(b.String()); err != nil || again != b {
			t.Errorf("%q is read back as %q, %v", b, again, err)
		}
	}
	good("http://127.0.0.1:9000", "http://127.0.0.1:9000")
	good("http://Booking.internal", "http://booking.internal:80")
	good("https://booking.internal/", "https://booking.internal:443")
	good("http://[::1]:9000", "http://[::1]:9000")
	good("http://my_container:80", "http://my_container:80")
	bad := func(text string) {
		t.Helper()
		if b, err := parseBackend(text); err == nil {
			t.Errorf("%q is %q", text, b)
		}
	}
	bad("")
	bad("127.0.0.1:9000")
	bad("ftp://h")
	bad("http:h")
	bad("http://")
	bad("http://:9000")
	bad("http://h:0")
	bad("http://h:65536")
	bad("http://h:")
	bad("http://h/path")
	bad("http://h//")
	bad("http://h?")
	bad("http://h#")
	bad("http://me@h")
	bad("http://h y")
	bad("http://-h")
}

func TestTheNearestKeyIsSuggested(t *testing.T) {
	known := []string{"name", "hosts", "paths", "rate", "burst", "hold", "open_paths", "opens_at"}
	f := func(text, want string) {
		t.Helper()
		if got := nearest(text, known); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	f("rat", "rate")             // a letter missing
	f("raet", "rate")            // two swapped
	f("ratee", "rate")           // one too many
	f("Rate", "rate")            // capitals
	f("host", "hosts")           // the singular
	f("openpaths", "open_paths") // the underscore
	f("open-paths", "open_paths")
	f("quota", "")                      // nothing like it
	f("x", "")                          // too short to guess
	f(strings.Repeat("rate", 1000), "") // too long to compare
}
