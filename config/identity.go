package config

import "time"

// The values of Room.Identity.
const (
	IdentityOff      = "off"
	IdentityRequired = "required"
)

// The values of IdentityProvider.Type.
const (
	ProviderOIDC   = "oidc"
	ProviderKakao  = "kakao"
	ProviderNaver  = "naver"
	ProviderSigned = "signed"
)

// Identity is how visitors are verified before they get a place, once for the gateway: needed where a
// room has `identity: required`. Whatever a provider tells of a person is hashed with a key at once,
// and neither kept nor logged.
type Identity struct {
	// Origin is where visitors come, such as https://booking.example.kr: https, or http on a loopback
	// address; without a path or the usual port. Each provider has to know the address ORIGIN/.waitroom/login/NAME/callback.
	// Needed with providers.
	Origin string `yaml:"origin"`
	// Person are the claims that make the person: [iss, sub], the account at the provider, or [ci], the
	// number that Korean services give a person everywhere, so that one person has one place whichever
	// provider they take. Default [iss, sub].
	Person []string `yaml:"person"`
	// Providers are the services that verify people, at most 16. Default none.
	Providers []IdentityProvider `yaml:"providers"`
}

// IdentityProvider is one service that verifies people.
type IdentityProvider struct {
	// Name stands in addresses and metrics: 1 to 32 lower-case letters, digits and `-`. Needed, unique.
	Name string `yaml:"name"`
	// Type is oidc (OpenID Connect), kakao or naver (the same with what these two need), or signed: a
	// service that sends back a token of its own, signed with a key that is configured. Default oidc.
	Type string `yaml:"type" in:"oidc|kakao|naver|signed"`
	// Label is what people read on its button.
	Label IdentityLabel `yaml:"label"`
	// Issuer is who signs, as its tokens name it: https://, or http:// on a loopback address. What
	// OpenID Connect publishes is asked for there. Needed with oidc and signed; default for kakao and
	// naver their own.
	Issuer string `yaml:"issuer"`
	// ClientID and ClientSecret are what the provider gave for this site. Needed but with signed.
	ClientID     string `yaml:"client_id"`
	ClientSecret Secret `yaml:"client_secret"`
	// ClientSecretFile is a file that holds ClientSecret, in place of it.
	ClientSecretFile string `yaml:"client_secret_file"`
	// Scopes are what is asked for. Default [openid], and what the preset needs.
	Scopes []string `yaml:"scopes"`
	// Algorithms are those that its tokens may be signed with; what the provider publishes of them does
	// not count. Default [RS256].
	Algorithms []string `yaml:"algorithms"`
	// Claims are the names that the provider has for what is needed of a person.
	Claims IdentityClaims `yaml:"claims"`
	// Required are claims without which nobody is verified: up to 16 of the names in Claims, or else of the
	// provider's. With birthdate the day of birth has to be known in any form, of the solar calendar. Default
	// none: the day of birth is needed only while it decides, see Window.
	Required []string `yaml:"required"`
	// Profile is the address of what is not in the ID token. Default none; for kakao and naver their own.
	Profile string `yaml:"profile"`
	// AppRedirects are the addresses of apps that may take the provider's answer (RFC 8252):
	// kr.example.app:/login, https://app.example.kr/login. Default none.
	AppRedirects []string `yaml:"app_redirects"`
	// Timeout is how long one verification may wait for the provider in all. Default 5s.
	Timeout time.Duration `yaml:"timeout" in:"100ms..30s"`
	// MaxConcurrent is how many verifications may ask the provider at a time; more are told to try
	// again. Default 64.
	MaxConcurrent int `yaml:"max_concurrent" in:"1..10000"`
	// CA is a PEM file with the authorities to trust. Default: those of the system.
	CA string `yaml:"ca"`
	// KeysFile are the public keys of a signed service, PEM. Needed with signed, and only there.
	KeysFile string `yaml:"keys_file"`
	// Audience is whom its tokens are for. Needed with signed, and only there.
	Audience string `yaml:"audience"`
	// Start is the address of its page. Needed with signed, and only there.
	Start string `yaml:"start"`
}

// IdentityLabel is a provider's name as people read it, up to 40 characters. Default its Name.
type IdentityLabel struct {
	Korean  string `yaml:"ko"`
	English string `yaml:"en"`
}

// IdentityClaims are names of claims. Default: those of OpenID Connect, or of the preset.
type IdentityClaims struct {
	// Birthdate is the whole day of birth.
	Birthdate string `yaml:"birthdate"`
	// Birthyear and Birthday (MMDD or MM-DD) are the same in two, BirthdayType its calendar.
	Birthyear    string `yaml:"birthyear"`
	Birthday     string `yaml:"birthday"`
	BirthdayType string `yaml:"birthday_type"`
	// CI is the number that makes the person where Identity.Person is [ci].
	CI string `yaml:"ci"`
}

// defaultProvider is a provider with every default.
func defaultProvider() IdentityProvider {
	return IdentityProvider{Type: ProviderOIDC, Timeout: 5 * time.Second, MaxConcurrent: 64}
}
