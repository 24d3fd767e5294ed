package identity

import "time"

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
	// Profile is the address of what is not in the ID token, "" is none.
	Profile string

	// Person are the claims that make the person, in this order.
	Person []string
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
