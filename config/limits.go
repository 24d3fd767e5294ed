package config

import "time"

// Limits bound what one connection, request or address may take, so that slow, oversized and bad
// ones cannot crowd out the rest.
type Limits struct {
	// ReadTimeout is how long a visitor may take to send a request. Default 10s.
	ReadTimeout time.Duration `yaml:"read_timeout" in:"100ms..10m" change:"start"`
	// WriteTimeout is how long a visitor may take to receive an answer. Default 30s.
	WriteTimeout time.Duration `yaml:"write_timeout" in:"100ms..1h" change:"start"`
	// IdleTimeout is how long a connection may wait for its next request. Default 60s.
	IdleTimeout time.Duration `yaml:"idle_timeout" in:"1s..1h" change:"start"`
	// MaxHeader is the most that request line and header fields may take together. Default 16KiB.
	MaxHeader Size `yaml:"max_header" in:"4KiB..1MiB" change:"start"`
	// MaxBody is the largest request body that is passed on to the backend. Bodies are streamed;
	// this much is never held in memory. Default 10MiB.
	MaxBody Size `yaml:"max_body" in:"1KiB..1024GiB"`
	// MaxHeaderFields is the most header fields that a request may have. Default 100.
	MaxHeaderFields int `yaml:"max_header_fields" in:"10..1000"`
	// MaxConnections is the most visitors' connections at a time; 0 is the server's own default
	// of 262,144. Default 0.
	MaxConnections int `yaml:"max_connections" in:"0..10000000" change:"start"`
	// Drain is how long requests in flight may take to finish when the gateway is told to stop.
	// Default 20s.
	Drain time.Duration `yaml:"drain" in:"0s..10m"`
	// BadRequestsPerAddress is how many requests that are no good one address may send (malformed,
	// with a forged ticket or pass, for calls that there are not): an IPv4 address, or a /64 of IPv6.
	// More of them are refused by themselves; valid tickets and passes and new visitors from there
	// are served all the same. Default 30,000/min, above what a carrier's shared address sends.
	BadRequestsPerAddress Limit `yaml:"bad_requests_per_address"`
	// BadRequestsPerNetwork is the same for a /24 of IPv4, or a /48 of IPv6. Default 300,000/min.
	BadRequestsPerNetwork Limit `yaml:"bad_requests_per_network"`
	// Remembered is how many addresses, networks and devices each gateway counts at a time, in 17
	// bytes each; those with the least to their account are forgotten first. Default 65536.
	Remembered int `yaml:"remembered" in:"1024..16777216" change:"start"`
}

// RoomLimits bound the new places that a room gives. Whoever shows a valid ticket or pass needs no
// new one, and is not counted.
type RoomLimits struct {
	// JoinsPerDevice is how often one device may ask for a place; it gets the same one each time.
	// Default 60/min.
	JoinsPerDevice Limit `yaml:"joins_per_device"`
	// JoinsPerAddress is how many new places one address gets: an IPv4 address, or a /64 of IPv6.
	// Thousands of telephones share one of a carrier's, and everybody shares that of a load balancer
	// that is not among TrustedProxies. Default off.
	JoinsPerAddress Limit `yaml:"joins_per_address"`
	// JoinsPerNetwork is the same for a /24 of IPv4, or a /48 of IPv6. Default off.
	JoinsPerNetwork Limit `yaml:"joins_per_network"`
	// ProofOfWork asks for a solved puzzle before a new place is given.
	ProofOfWork ProofOfWork `yaml:"proof_of_work"`
	// Captcha asks for a check by a provider before a new place is given, in place of ProofOfWork.
	Captcha Captcha `yaml:"captcha"`
}

// The values of Captcha.Kind and WhenDown.
const (
	CaptchaOff    = "off"
	DownPlace     = "place"
	DownRefuse    = "refuse"
	kindTurnstile = "turnstile"
	kindHCaptcha  = "hcaptcha"
)

// Captcha is a check by Cloudflare Turnstile or hCaptcha, which tell from their own data who is a
// person. The page then runs the provider's script, and the provider sees the visitors' addresses.
type Captcha struct {
	// Kind is off, turnstile or hcaptcha. Default off.
	Kind string `yaml:"kind" in:"off|turnstile|hcaptcha"`
	// Mode is always for everybody who takes a new place, or when_limited as in ProofOfWork.
	// Default when_limited.
	Mode string `yaml:"mode" in:"always|when_limited"`
	// SiteKey is the public key that the provider gave for the site. Needed with a Kind.
	SiteKey string `yaml:"site_key"`
	// Secret is what the gateway asks the provider with. Needed with a Kind.
	Secret Secret `yaml:"secret"`
	// SecretFile is a file that holds Secret, in place of it.
	SecretFile string `yaml:"secret_file"`
	// VerifyURL is where tokens are verified: https://, or http:// on a loopback address. Default
	// the provider's.
	VerifyURL string `yaml:"verify_url"`
	// Timeout is how long the provider may take. Default 3s.
	Timeout time.Duration `yaml:"timeout" in:"100ms..30s"`
	// WhenDown is what a visitor gets whose token the provider cannot be asked about: place, a
	// place in the line at which nobody enters at once, or refuse, none. Default place.
	WhenDown string `yaml:"when_down" in:"place|refuse"`
}

// The values of ProofOfWork.Mode.
const (
	WorkOff         = "off"
	WorkAlways      = "always"
	WorkWhenLimited = "when_limited"
)

// ProofOfWork is what a browser or app has to compute before it gets a new place: ALTCHA's puzzle,
// version 2, with PBKDF2/SHA-256. Who has a ticket or pass is never asked, nor who comes to the front.
type ProofOfWork struct {
	// Mode is off, always for everybody who takes a new place, or when_limited for those whose
	// address or network has taken too many, in place of the refusal, or has sent many bad
	// requests. Default off.
	Mode string `yaml:"mode" in:"off|always|when_limited"`
	// Cost is how many rounds of PBKDF2 one try takes; checking an answer takes the gateway as
	// many. Default 1000.
	Cost int `yaml:"cost" in:"1..1000000"`
	// Digits is how many hexadecimal zeros a key has to begin with: 16, 256, 4096 or 65536 tries
	// on average. Default 3.
	Digits int `yaml:"digits" in:"1..4"`
	// Life is how long a puzzle is good. Default 5m.
	Life time.Duration `yaml:"life" in:"10s..1h"`
}
