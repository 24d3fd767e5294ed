package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

func publicKey(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestWhatCannotWorkIsRefusedAtTheStart(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	es := publicKey(t, p256.Public())
	f := func(want string, change func(*Config)) {
		t.Helper()
		c := Config{Name: "demo", Type: "oidc", Callback: "https://a.example/cb", Issuer: "https://id.example", ClientID: "waitroom"}
		change(&c)
		p, err := New(c)
		if want == "" && err == nil {
			p.Close()
			return
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "demo") {
			t.Errorf("%v, and should say %q", err, want)
		}
	}
	signed := func(c *Config) {
		c.Type, c.Audience, c.Start, c.Algorithms, c.Keys = "signed", "waitroom", "https://pass.example/start", []string{"ES256"}, es
	}
	f("", func(*Config) {})
	f("", signed)
	f("", func(c *Config) { c.Type, c.Issuer = "kakao", "" })
	f("", func(c *Config) { c.Type, c.Issuer = "naver", "" })
	f("", func(c *Config) { c.Issuer = "http://127.0.0.1:8080/a" })
	f("type:", func(c *Config) { c.Type = "saml" })
	f("issuer: https", func(c *Config) { c.Issuer = "http://id.example" })
	f("issuer: not an address", func(c *Config) { c.Issuer = "" })
	f("issuer: an address without user", func(c *Config) { c.Issuer = "https://a:b@id.example" })
	f("profile: https", func(c *Config) { c.Profile = "ftp://id.example" })
	f("callback:", func(c *Config) { c.Callback = "/cb" })
	f("client_id", func(c *Config) { c.ClientID = "" })
	f("scopes:", func(c *Config) { c.Scopes = []string{"profile"} })
	f(`algorithms: "none"`, func(c *Config) { c.Algorithms = []string{"none"} })
	f(`algorithms: "HS256"`, func(c *Config) { c.Algorithms = []string{"RS256", "HS256"} })
	f("person:", func(c *Config) { c.Person = []string{"iss"} })
	f("person:", func(c *Config) { c.Person = []string{"sub", ""} })
	f("ca:", func(c *Config) { c.CA = []byte("nothing") })
	f("signed needs", func(c *Config) { signed(c); c.Keys = nil })
	f("signed needs", func(c *Config) { signed(c); c.Audience = "" })
	f("start:", func(c *Config) { signed(c); c.Start = "http://pass.example" })
	f("keys: no public keys", func(c *Config) { signed(c); c.Keys = []byte("nothing") })
	f("keys: a block", func(c *Config) {
		signed(c)
		c.Keys = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte{1}})
	})
	f("keys: none is for the algorithm RS256", func(c *Config) { signed(c); c.Algorithms = []string{"ES256", "RS256"} })
	f("keys: none is for the algorithm RS256", func(c *Config) {
		signed(c)
		c.Algorithms, c.Keys = []string{"RS256"}, publicKey(t, short.Public()) // 1024 bits are none
	})
}

func TestAppsTakeTheAnswerAtTheirOwnAddressesOnly(t *testing.T) {
	c := complete(t, func(c *Config) {
		c.AppRedirects = []string{"kr.example.app:/login", "https://app.example/login", "http://127.0.0.1/cb", "http://127.0.0.1:7000/fixed"}
	})
	f := func(app, want string) {
		t.Helper()
		got, err := c.redirect(app)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", app, got, err)
		}
	}
	f("", "https://a.example/cb")
	f("kr.example.app:/login", "kr.example.app:/login")
	f("https://app.example/login", "https://app.example/login")
	f("http://127.0.0.1/cb", "http://127.0.0.1/cb")
	f("http://127.0.0.1:49152/cb", "http://127.0.0.1:49152/cb") // RFC 8252, section 7.3
	f("http://127.0.0.1:49152/other", "")
	f("http://127.0.0.1:49152/cb?x=1", "")
	f("http://127.0.0.1:7001/fixed", "")
	f("http://u@127.0.0.1:49152/cb", "")
	f("https://127.0.0.1:49152/cb", "")
	f("http://127.0.0.2:49152/cb", "")
	f("https://app.example:444/login", "")
	f("https://app.example/login/", "")
	f("https://evil.example/", "")
}
