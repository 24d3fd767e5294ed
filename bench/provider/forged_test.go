package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waitroom/bench/provider"
	"waitroom/token/identity"
)

// refusals are what is said to each forgery. docs/identity.md shows the same table.
var refusals = map[provider.Forgery]string{
	provider.None:        "forged: the token is signed with an algorithm that is not configured",
	provider.HMAC:        "forged: the token is signed with an algorithm that is not configured",
	provider.OldKey:      "forged: no key of the provider's has signed the token",
	provider.OtherKey:    "forged: no key of the provider's has signed the token",
	provider.OwnKey:      "forged: no key of the provider's has signed the token",
	provider.Changed:     "forged: no key of the provider's has signed the token",
	provider.Serial:      "forged: the token is not a compact JWT, or has more than 16 KB",
	provider.Audience:    "forged: the token is for another audience",
	provider.Several:     "forged: the token is for several audiences, and does not say who asked for it",
	provider.Party:       "forged: another client has asked for the token",
	provider.Nonce:       "forged: the token's nonce is not the one that it was begun with",
	provider.NoNonce:     "forged: the token's nonce is not the one that it was begun with",
	provider.Issuer:      "forged: the token is from another issuer",
	provider.Expired:     "forged: the token is over",
	provider.Future:      "forged: the token is from the future",
	provider.Early:       "forged: the token is from the future",
	provider.NoSubject:   "forged: the token has no subject, or one of more than 255 bytes",
	provider.NoExpiry:    "forged: the token does not say when it was issued, and until when it is good",
	provider.NoIssued:    "forged: the token does not say when it was issued, and until when it is good",
	provider.TextTimes:   "forged: the token is not what the protocol says",
	provider.AccessToken: "forged: the ID token is of another access token (at_hash)",
	provider.NoToken:     "forged: the answer has no ID token: is OpenID Connect on for this client at the provider?",
	provider.NotBearer:   "forged: the access token is of another type than Bearer",
	provider.OtherPerson: "forged: the profile is of another person than the ID token",
	provider.NoProfile:   "incomplete: the day of birth was not given",
	provider.BackIssuer:  "mismatch: the answer says that it is from another issuer (RFC 9207)",
	provider.BackNoOne:   "mismatch: the answer does not say which issuer it is from, and this one's do (RFC 9207)",
	provider.BackState:   "replayed: the state is not the one that it was begun with",
	provider.BackNothing: "forged: the answer has neither a code nor an error, or the code is none",
}

func TestTheTableInTheDocumentsIsThisOne(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "identity.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, forgery := range provider.Forgeries {
		why, text, _ := strings.Cut(refusals[forgery], ": ")
		if row := "| " + forgery.What() + " | `" + why + "`: " + text + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/identity.md lacks the row\n%s", row)
		}
	}
}

func TestEveryForgeryIsRefusedAndTheTruthIsNot(t *testing.T) {
	for _, rsa := range []bool{false, true} {
		p := newPair(t, func(c *identity.Config) {
			c.Required = []string{"birthdate"}
			c.Algorithms = map[bool][]string{false: {"ES256", "EdDSA"}, true: {"RS256", "PS256"}}[rsa]
		}, func(c *provider.Config) { c.RSA = rsa })
		p.demo.Rotate(false) // so that there is an old key
		for _, forgery := range provider.Forgeries {
			p.demo.Turn(func(k *provider.Knobs) { k.Forge = forgery })
			if _, err := p.verify("person=7"); err == nil || err.Error() != refusals[forgery] {
				t.Errorf("%s: %v, and should be %q", forgery, err, refusals[forgery])
			}
			p.demo.Turn(func(k *provider.Knobs) { k.Forge = "" })
			if who, err := p.verify("person=7"); err != nil || who.Digit != 7 || who.Claims["priority_group"] != "y" {
				t.Fatalf("after %s: %+v, %v", forgery, who, err)
			}
		}
		if h := p.Health(); h.Broken {
			t.Error("forgeries count as failures: whoever makes them can switch the provider off")
		}
	}
}

func TestForgedTokensOfASignedServiceAreRefused(t *testing.T) {
	p := newPair(t, nil)
	p.demo.Rotate(false)
	c := p.config
	c.Type, c.Audience, c.Start, c.Keys = "signed", "waitroom", p.config.Issuer+"/start", p.demo.PublicKeys()
	var err error
	if p.Provider, err = identity.New(c); err != nil {
		t.Fatal(err)
	}
	of := map[provider.Forgery]bool{ // what is not of a token but of the code flow
		provider.AccessToken: true, provider.NoToken: true, provider.NotBearer: true, provider.OtherPerson: true, provider.NoProfile: true,
		provider.BackIssuer: true, provider.BackNoOne: true, provider.BackNothing: true,
	}
	for _, forgery := range provider.Forgeries {
		if of[forgery] {
			continue
		}
		p.demo.Turn(func(k *provider.Knobs) { k.Forge = forgery })
		if _, err := p.verify("person=7"); err == nil || err.Error() != refusals[forgery] {
			t.Errorf("%s: %v, and should be %q", forgery, err, refusals[forgery])
		}
	}
	p.demo.Turn(func(k *provider.Knobs) { k.Forge = "" })
	if who, err := p.verify("person=7"); err != nil || who.Digit != 7 || !strings.Contains(string(who.Key), p.config.Issuer) {
		t.Errorf("%+v, %v", who, err)
	}
}
