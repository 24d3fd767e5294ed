package dbsc

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestWhatABrowserSendsIsAccepted(t *testing.T) {
	s := newSigner(t)
	session := Session{"AAECAwQFBgcICQoLDA0ODw", s.key}
	registration, refresh := s.registration(t, "c1"), s.refresh(t, "c2")
	f := func(why, field string) {
		t.Helper()
		key, challenge, err := ReadRegistration([]byte(field))
		if err != nil || key != s.key || challenge != "c1" {
			t.Errorf("%s: %q, %v", why, challenge, err)
		}
	}
	f("bare, as Chromium sends it", registration)
	f("a string, as the draft has it", `"`+registration+`"`)
	f("parameters are ignored", `"`+registration+`";a=1`)
	f("parameters of a bare one, too", registration+`;a=1`)
	f("white space around", " "+registration+" ")
	f("other members", s.sign(t, `{"alg":"ES256","jwk":`+s.jwk()+`,"typ":"dbsc+jwt","x":1}`, `{"aud":"https://a.test/reg","iat":1,"jti":"c1"}`))
	f("an empty sub, as there is no session yet", s.sign(t, `{"alg":"ES256","jwk":`+s.jwk()+`,"typ":"dbsc+jwt"}`, `{"jti":"c1","sub":""}`))

	g := func(why, field string) {
		t.Helper()
		if challenge, err := ReadRefresh([]byte(field), session); err != nil || challenge != "c2" {
			t.Errorf("%s: %q, %v", why, challenge, err)
		}
	}
	g("bare", refresh)
	g("a string", `"`+refresh+`"`)
	g("with the session in it", s.sign(t, `{"alg":"ES256","typ":"dbsc+jwt"}`, `{"jti":"c2","sub":"`+session.String()+`"}`))
}

func TestAWrongRegistrationIsRefused(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	header := `{"alg":"ES256","jwk":` + s.jwk() + `,"typ":"dbsc+jwt"}`
	claims := `{"jti":"c1"}`
	good := s.sign(t, header, claims)
	bend := func(was, is string) string {
		t.Helper()
		bent := strings.Replace(header, was, is, 1)
		if bent == header {
			t.Fatalf("%s is not in the header", was)
		}
		return s.sign(t, bent, claims)
	}
	f := func(why, field string) {
		t.Helper()
		if key, challenge, err := ReadRegistration([]byte(field)); !errors.Is(err, ErrProof) || key != (Key{}) && challenge != "" {
			t.Errorf("%s: accepted, or with a challenge: %q, %v", why, challenge, err)
		}
	}
	parts := strings.Split(good, ".")
	x, y := strict.EncodeToString(s.key[:32]), strict.EncodeToString(s.key[32:])

	f("nothing", "")
	f("an empty string", `""`)
	f("an open string", `"`+good)
	f("two strings", `"`+good+`" "`+good+`"`)
	f("two parts", parts[0]+"."+parts[1])
	f("four parts", good+".e30")
	f("none", bend(`"ES256"`, `"none"`))
	f("none, unsigned", strict.EncodeToString([]byte(`{"alg":"none","jwk":`+s.jwk()+`,"typ":"dbsc+jwt"}`))+"."+parts[1]+".")
	f("none in capitals", bend(`"ES256"`, `"NONE"`))
	f("RS256, which the draft has and nobody was offered", bend(`"ES256"`, `"RS256"`))
	f("HS256 over the public key", bend(`"ES256"`, `"HS256"`))
	f("another curve's algorithm", bend(`"ES256"`, `"ES384"`))
	f("alg in another spelling of its name", bend(`"alg"`, `"Alg"`))
	f("another type: a proof of DPoP", bend(`"dbsc+jwt"`, `"dpop+jwt"`))
	f("no type", bend(`,"typ":"dbsc+jwt"`, ``))
	f("an extension that has to be understood", bend(`"alg"`, `"crit":["b64"],"b64":false,"alg"`))
	f("no key", bend(`"jwk":`+s.jwk()+`,`, ``))
	f("a key that is null", bend(s.jwk(), `null`))
	f("a key that is a list", bend(s.jwk(), `[]`))
	f("another curve", bend(`P-256`, `P-384`))
	f("an RSA key", bend(`"EC"`, `"RSA"`))
	f("a symmetric key", bend(`"EC"`, `"oct"`))
	f("a private key", bend(`"kty"`, `"d":"AA","kty"`))
	f("a coordinate too short", bend(x, x[:42]))
	f("a coordinate with padding", bend(x, x+"="))
	f("a point off the curve", bend(x, y))
	f("the point at infinity", bend(x+`","y":"`+y, strings.Repeat("A", 43)+`","y":"`+strings.Repeat("A", 43)))
	f("the key of another", other.sign(t, header, claims))
	f("no challenge", s.sign(t, header, `{}`))
	f("a challenge that is a number", s.sign(t, header, `{"jti":1}`))
	f("claims that are a list", s.sign(t, header, `[]`))
	f("claims that are null", s.sign(t, header, `null`))
	f("signed for a session, where there is none yet", s.sign(t, header, `{"jti":"c1","sub":"x"}`))
	f("changed claims", parts[0]+"."+strict.EncodeToString([]byte(`{"jti":"c2"}`))+"."+parts[2])
	f("a changed signature", good[:len(good)-20]+"AAAAAAAAAAAAAAAAAAAA")
	f("no signature", parts[0]+"."+parts[1]+".")
	f("a signature of zeros", parts[0]+"."+parts[1]+"."+strings.Repeat("A", 86))
	f("stray bits in the signature", good[:len(good)-1]+"B")
	f("padding", good+"==")
	f("ordinary base64", parts[0]+"."+parts[1]+"."+base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 64))))
	f("a line break", parts[0]+".\n"+parts[1]+"."+parts[2])
	f("too long", s.sign(t, header, `{"jti":"`+strings.Repeat("c", 2000)+`"}`))
	f("the draft's own example, whose key is among the claims", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRic2Mrand0In0.eyJhdWQiOiJodHRwczovL2V4YW1wbGUuY29tL3JlZyIsImp0aSI6ImN2IiwiaWF0IjoiMTcyNTU3OTA1NSIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6IjZfR0Iydm9RMHFyb01oNk9sREZDRlNfU0pyaVFpMVBUdnZCT2hHWjNiSEkiLCJ5IjoiSWVnT0pVTHlFN1N4SF9DZDFLQ0VSN2xXQnZHRkhRLWgweHlqelVqRUlXRSJ9LCJhdXRob3JpemF0aW9uIjoiYWMifQ.6Fb_vVBDmfNghQiBmIGe8o7tBfYPbPCywhQruP0vIhxgmcJmuNTaMHeVn_M8ZnOm1_bzIitbZqCWEn-1Qzmtyw")
}

func TestAWrongRenewalIsRefused(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	session := Session{"AAECAwQFBgcICQoLDA0ODw", s.key}
	f := func(why, field string) {
		t.Helper()
		if challenge, err := ReadRefresh([]byte(field), session); !errors.Is(err, ErrProof) || challenge != "" {
			t.Errorf("%s: %q, %v", why, challenge, err)
		}
	}
	f("nothing", "")
	f("a registration: its key would choose itself", s.registration(t, "c"))
	f("a registration of another", other.registration(t, "c"))
	f("the key of another", other.refresh(t, "c"))
	f("another session", s.sign(t, `{"alg":"ES256","typ":"dbsc+jwt"}`, `{"jti":"c","sub":"`+Session{session.Owner, other.key}.String()+`"}`))
	f("a session that is no text", s.sign(t, `{"alg":"ES256","typ":"dbsc+jwt"}`, `{"jti":"c","sub":null}`))
	f("none", s.sign(t, `{"alg":"none","typ":"dbsc+jwt"}`, `{"jti":"c"}`))
}

func TestASessionsNameBringsItsKey(t *testing.T) {
	s := newSigner(t)
	session := Session{"AAECAwQFBgcICQoLDA0ODw", s.key}
	f := func(field string, want bool) {
		t.Helper()
		got, err := ReadSession([]byte(field))
		if (err == nil) != want || want && got != session || !want && (!errors.Is(err, ErrProof) || got != (Session{})) {
			t.Errorf("%s: %v, %v", field, got, err)
		}
	}
	name := session.String()
	f(name, true)
	f(`"`+name+`"`, true)
	f(`"`+name+`";a=b`, true)
	f("", false)
	f(session.Owner, false)
	f("."+s.key.String(), false)
	f(strings.Repeat("A", 65)+"."+s.key.String(), false)
	f(session.Owner+".", false)
	f(name[:len(name)-1], false)
	f(name+"A", false)
	f(session.Owner+"."+strings.Repeat("A", 86), false) // no point of the curve
	f("a/b."+s.key.String(), false)
}

func TestAKeysIdentityIsThatOfRFC7638(t *testing.T) {
	var key Key
	if !decodeInto(key[:32], []byte("6_GB2voQ0qroMh6OlDFCFS_SJriQi1PTvvBOhGZ3bHI")) ||
		!decodeInto(key[32:], []byte("IegOJULyE7SxH_Cd1KCER7lWBvGFHQ-h0xyjzUjEIWE")) || key.public() == nil {
		t.Fatal("the draft's key is refused")
	}
	// By openssl: printf '{"crv":…}' | openssl dgst -sha256 -binary | basenc --base64url
	thumbprint := key.Thumbprint()
	if got := strict.EncodeToString(thumbprint[:]); got != "Zry2y4gUg7i9BcFzhWff2J90iaZLAhn7rZfmhCpokt4" {
		t.Errorf("thumbprint %s", got)
	}
}

func TestWhyARenewalWasSkippedIsRead(t *testing.T) {
	f := func(field string, want Reason) {
		t.Helper()
		if got := ReadSkipped(field); got != want {
			t.Errorf("%q: %q, want %q", field, got, want)
		}
	}
	f("", "")
	f("unreachable", Unreachable)
	f(`quota_exceeded;session_identifier="a"`, QuotaExceeded)
	f(`server_error;session_identifier=123, quota_exceeded;session_identifier=456`, ServerError)
	f(`"unreachable"`, Unknown)
	f("anything", Unknown)
}
