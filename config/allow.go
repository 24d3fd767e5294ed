package config

import "net/netip"

// Allow lets some requests through without a pass: those of a monitor, or of a search engine's
// crawler. All of what an entry names has to hold; what no entry names needs a pass.
type Allow struct {
	// Name is the entry's name in the log: lower-case letters, digits and `-`. Needed, unique.
	Name string `yaml:"name"`
	// Paths are within the room's: `/notice/*` is everything below, `/health` that path alone. Needed.
	Paths []string `yaml:"paths"`
	// Methods are those that may be used. Default [GET, HEAD].
	Methods []string `yaml:"methods"`
	// Addresses are the addresses and networks that may ask. One of Addresses, RangesFile,
	// ReverseNames and Header is needed.
	Addresses []netip.Prefix `yaml:"addresses"`
	// RangesFile is a file with more Addresses, as Google and Bing publish those of their crawlers:
	// {"prefixes": [{"ipv4Prefix": "…"}, {"ipv6Prefix": "…"}]}. It is read again when it changes,
	// in another folder than the configuration file's on SIGHUP.
	RangesFile string `yaml:"ranges_file"`
	// ReverseNames are what the address's name has to end in, such as googlebot.com: its reverse
	// name in the DNS counts if that name leads back to the address.
	ReverseNames []string `yaml:"reverse_names"`
	// Header is a field that has to hold a secret.
	Header AllowHeader `yaml:"header"`
}

// AllowHeader is a field with a secret. It is not passed on to the backend.
type AllowHeader struct {
	// Name is the field's, such as X-Monitor-Key.
	Name string `yaml:"name"`
	// Secret is its value: printable ASCII without spaces, at least 16 characters.
	Secret Secret `yaml:"secret"`
	// SecretFile is a file that holds Secret, in place of it.
	SecretFile string `yaml:"secret_file"`
}
