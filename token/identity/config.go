package identity

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is one provider, as it is configured.
type Config struct {
	// Name is the provider's in addresses and metrics.
	Name string
	// Type is oidc, kakao, naver or signed. It presets what is not set below.
	Type string
	// Callback is the address to which the provider sends browsers back, and AppRedirects are those of apps that may take the
	// answer themselves (RFC 8252); one with http, a loopback address and no port goes with every port.
	Callback     string
	AppRedirects []string

	// Issuer is who signs ID tokens, and where the provider's description is found. Addresses are https; http is taken for
	// loopback addresses only.
	Issuer                 string
	ClientID, ClientSecret string
	Scopes                 []string
	// Algorithms are those that tokens may be signed with: of RS, ES, PS and EdDSA. What the provider says of itself does
	// not add to them.
	Algorithms []string
	// Claims are names: ours to the provider's. Ours are birthdate, birthyear, birthday, birthday_type and whatever Person,
	// Required and Groups name; what is not in it has the same name at the provider.
	Claims map[string]string
	// Profile is the address of what is not in the ID token; "" is what the provider's description says. It is asked only where
	// a claim that is wanted is lacking.
	Profile string

	// Person are the claims that make the person, in this order; none are iss and sub.
	Person []string
	// Birthday says that the day of birth is wanted. Without it nothing is asked for it, and Person.Digit is -1.
	Birthday bool
	// Required are claims without which nobody is verified. "birthdate" stands for the day of birth in any form: a person whose
	// day is not known, or is one of the lunar calendar, is refused.
	Required []string
	// Groups are the claims that Person.Claims has.
	Groups []string

	// Timeout is for all that one verification asks of the provider; 0 is 5 s.
	Timeout time.Duration
	// MaxConcurrent is how many verifications may ask the provider at a time; 0 is 64.
	MaxConcurrent int
	// Failures in a row are how many it takes for the provider to be left alone for Pause; 0 is 8, and 10 s.
	Failures int
	Pause    time.Duration
	// CA are PEM certificates to be trusted instead of the system's.
	CA []byte

	// Of type signed: PEM public keys, the audience, and the address of the service's page.
	Keys            []byte
	Audience, Start string

	// Clock is for what is remembered of the provider, nil is time.Now. Tokens are judged by Back.Now.
	Clock func() time.Time
}

// presets are what a type has where the configuration says nothing.
var presets = map[string]Config{
	"oidc":   {Scopes: []string{"openid"}, Algorithms: []string{"RS256"}},
	"kakao":  {Issuer: "https://kauth.kakao.com", Profile: "https://kapi.kakao.com/v2/user/me", Scopes: []string{"openid"}, Algorithms: []string{"RS256"}},
	"naver":  {Issuer: "https://nid.naver.com", Profile: "https://openapi.naver.com/v1/nid/me", Scopes: []string{"openid"}, Algorithms: []string{"RS256"}},
	"signed": {Algorithms: []string{"RS256"}},
}

// New makes a provider of its configuration, which it copies. It asks nobody: the provider may be down.
func New(c Config) (Provider, error) {
	c, err := c.complete()
	if err != nil {
		return nil, fmt.Errorf("identity provider %s: %w", c.Name, err)
	}
	if c.Type == "signed" {
		s, err := newSigned(&c)
		if err != nil {
			return nil, fmt.Errorf("identity provider %s: %w", c.Name, err)
		}
		return s, nil
	}
	client, transport, err := newClient(&c)
	if err != nil {
		return nil, fmt.Errorf("identity provider %s: %w", c.Name, err)
	}
	return newOpenID(&c, client, transport), nil
}

// complete fills in what is preset, and refuses what cannot work or must not.
func (c Config) complete() (Config, error) {
	preset, known := presets[c.Type]
	if !known {
		return c, fmt.Errorf("type: %q is none of oidc, kakao, naver and signed", c.Type)
	}
	set := func(text *string, to string) {
		if *text == "" {
			*text = to
		}
	}
	set(&c.Issuer, preset.Issuer)
	set(&c.Profile, preset.Profile)
	if len(c.Scopes) == 0 {
		c.Scopes = preset.Scopes
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = preset.Algorithms
	}
	if len(c.Person) == 0 {
		c.Person = []string{"iss", "sub"}
	}
	c.Timeout = cmpOr(c.Timeout, 5*time.Second)
	c.MaxConcurrent = cmpOr(c.MaxConcurrent, 64)
	c.Failures = cmpOr(c.Failures, 8)
	c.Pause = cmpOr(c.Pause, 10*time.Second)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Claims = maps.Clone(c.Claims)
	return c, c.check()
}

func cmpOr[T int | time.Duration](value, preset T) T {
	if value <= 0 {
		return preset
	}
	return value
}

func (c *Config) check() error {
	addresses := map[string]string{"callback": c.Callback}
	if c.Type == "signed" {
		addresses["start"] = c.Start
		if c.Issuer == "" || c.Audience == "" || len(c.Keys) == 0 {
			return errors.New("type signed needs keys, issuer and audience")
		}
	} else {
		addresses["issuer"] = c.Issuer
		if c.Profile != "" {
			addresses["profile"] = c.Profile
		}
		if c.ClientID == "" {
			return errors.New("client_id is needed")
		}
		if !slices.Contains(c.Scopes, "openid") {
			return errors.New("scopes: openid has to be one of them, or there is no ID token")
		}
	}
	for name, address := range addresses {
		if err := checkAddress(address); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(c.Algorithms) == 0 {
		return errors.New("algorithms: at least one is needed, as in [ES256]")
	}
	for _, name := range c.Algorithms {
		if !slices.ContainsFunc(signatures, func(a signature) bool { return string(a) == name }) {
			return fmt.Errorf("algorithms: %q is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA", name)
		}
	}
	// The name of an issuer is not that of a person.
	if !slices.ContainsFunc(c.Person, func(name string) bool { return name != "iss" }) || slices.Contains(c.Person, "") {
		return errors.New("person: a claim is needed that tells persons apart, as in [iss, sub] or [ci]")
	}
	return nil
}

// ErrRedirect is in a Refusal for an app's address that is not configured.
var ErrRedirect = errors.New("the app's address is none of app_redirects")

// redirect is the address to which the provider sends the answer of a flow.
func (c *Config) redirect(app string) (string, error) {
	if app == "" {
		return c.Callback, nil
	}
	for _, allowed := range c.AppRedirects {
		if app == allowed || anyPort(app, allowed) {
			return app, nil
		}
	}
	return "", ErrRedirect
}

// anyPort tells whether an address is an allowed one of a loopback address, with a port of the app's choice (RFC 8252, section 7.3).
func anyPort(app, allowed string) bool {
	a, err := url.Parse(app)
	b, err2 := url.Parse(allowed)
	if err != nil || err2 != nil || b.Scheme != "http" || !loopback(b.Hostname()) || b.Port() != "" || a.Port() == "" {
		return false
	}
	return strings.Replace(app, a.Host, b.Host, 1) == allowed && a.Hostname() == b.Hostname()
}
