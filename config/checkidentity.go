package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

const (
	maxProviders = 16
	maxLabel     = 40
	maxClaim     = 64
)

// identity checks how people are verified, and that the rooms which ask for it can be reached from there.
func (r *reader) identity(c *Config) {
	id := &c.Identity
	used := slices.IndexFunc(c.Rooms, func(room Room) bool { return room.Identity == IdentityRequired })
	if len(id.Providers) == 0 {
		if used >= 0 && r.sound("identity", "identity.providers") {
			r.report(roomAt(used)+".identity", "`identity` is required, and nobody can verify who comes", "write `identity:` with `origin` and `providers`")
		}
		if r.has("identity.providers") && r.sound("identity.providers") {
			r.amount("identity.providers", 0)
		}
		return
	}
	if len(id.Providers) > maxProviders {
		r.report("identity.providers", fmt.Sprintf("there are %d providers", len(id.Providers)), fmt.Sprintf("write at most %d", maxProviders))
		return
	}
	if p := id.Person; r.sound("identity.person") && !slices.Equal(p, []string{"iss", "sub"}) && !slices.Equal(p, []string{"ci"}) {
		r.report("identity.person", "`identity.person` does not make a person", "write [iss, sub] or [ci]")
	}
	names := map[string]bool{}
	for i := range id.Providers {
		r.provider(fmt.Sprintf("identity.providers[%d]", i), &id.Providers[i], names)
	}
	r.origin(c)
}

// origin checks the address that visitors come back to, and that each room which asks answers there.
func (r *reader) origin(c *Config) {
	const path = "identity.origin"
	if !r.sound(path) {
		return
	}
	if c.Identity.Origin == "" {
		r.report(path, "`identity` has no `origin`", "write where visitors come, such as https://booking.example.kr")
		return
	}
	u, err := secureURL(c.Identity.Origin)
	if err != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Host != strings.ToLower(u.Host) || namelessPort(u) {
		r.report(path, "`identity.origin`: "+quote(c.Identity.Origin)+" is not possible",
			"write https:// and a host in lower case, without a path or the usual port; http:// on a loopback address only")
		return
	}
	for i, room := range c.Rooms {
		if room.Identity != IdentityRequired || answersFor(room.Hosts, u.Hostname()) || !r.sound(roomAt(i), roomAt(i)+".hosts") {
			continue
		}
		r.report(roomAt(i)+".identity", fmt.Sprintf("`identity` is required, and the room does not answer for %s (`identity.origin`)", u.Hostname()),
			"add that host to `hosts`: people come back to it")
	}
}

// namelessPort says whether an address names a port that browsers leave out: they would never be seen to come there.
func namelessPort(u *url.URL) bool {
	return strings.HasSuffix(u.Host, ":") || u.Port() == map[string]string{"https": "443", "http": "80"}[u.Scheme]
}

// answersFor says whether one of a room's hosts is this one.
func answersFor(hosts []string, host string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		return h == "*" || strings.EqualFold(h, host) || strings.HasPrefix(h, "*.") && strings.HasSuffix(host, strings.ToLower(h[1:]))
	})
}

// provider checks one service.
func (r *reader) provider(at string, p *IdentityProvider, names map[string]bool) {
	if !r.sound(at) {
		return
	}
	r.providerName(at, p.Name, names)
	for path, label := range map[string]string{".label.ko": p.Label.Korean, ".label.en": p.Label.English} {
		if len([]rune(label)) > maxLabel || strings.ContainsFunc(label, func(c rune) bool { return c < ' ' }) {
			r.report(at+path, "`identity.providers"+path+"` is not possible", fmt.Sprintf("write up to %d characters in one line", maxLabel))
		}
	}
	signed := p.Type == ProviderSigned
	r.needed(at+".issuer", p.Issuer != "" || p.Type == ProviderKakao || p.Type == ProviderNaver, "write who signs, such as https://accounts.example.kr")
	r.needed(at+".client_id", signed || p.ClientID != "", "write what the provider gave for this site")
	r.needed(at+".client_secret", signed || p.ClientSecret.IsSet() || !r.sound(at+".client_secret_file"), "write the provider's into a file, and name it in `client_secret_file`")
	r.needed(at+".keys_file", !signed || p.KeysFile != "", "name the file with the service's public keys")
	r.needed(at+".audience", !signed || p.Audience != "", "write whom its tokens are for")
	r.needed(at+".start", !signed || p.Start != "", "write the address of its page")
	for path, value := range map[string]string{".issuer": p.Issuer, ".profile": p.Profile, ".start": p.Start} {
		if _, err := secureURL(value); value != "" && err != nil && r.sound(at+path) {
			r.report(at+path, "`"+label(at+path)+"`: "+quote(value)+" is not possible", "write https://, or http:// on a loopback address")
		}
	}
	if strings.Contains(p.Issuer, "?") && !signed && r.sound(at+".issuer") {
		r.report(at+".issuer", "`"+label(at+".issuer")+"`: "+quote(p.Issuer)+" is not possible", "write it without a query, as the provider's tokens have it")
	}
	for path, value := range map[string]string{".client_id": p.ClientID, ".audience": p.Audience} {
		if value != "" && !plainText(value) && r.sound(at+path) {
			r.report(at+path, "`"+label(at+path)+"`: "+quote(value)+" is not possible", "write printable ASCII without spaces")
		}
	}
	r.onlySigned(at, p)
	r.words(at+".scopes", p.Scopes)
	if len(p.Scopes) > 0 && !signed && !slices.Contains(p.Scopes, "openid") && r.sound(at+".scopes") {
		r.report(at+".scopes", "`"+label(at+".scopes")+"` has no openid, without which there is no ID token", "write it beside the others")
	}
	r.words(at+".required", p.Required)
	r.algorithms(at+".algorithms", p.Algorithms)
	r.appRedirects(at+".app_redirects", p.AppRedirects)
	claims := map[string]string{
		".birthdate": p.Claims.Birthdate, ".birthyear": p.Claims.Birthyear, ".birthday": p.Claims.Birthday,
		".birthday_type": p.Claims.BirthdayType, ".ci": p.Claims.CI,
	}
	for path, claim := range claims {
		if claim != "" && (!plainText(claim) || len(claim) > maxClaim) {
			r.report(at+".claims"+path, "`identity.providers.claims"+path+"` is not the name of a claim", "write one such as birthdate")
		}
	}
}

// providerName checks what stands in addresses.
func (r *reader) providerName(at, name string, names map[string]bool) {
	path := at + ".name"
	switch {
	case !r.sound(path):
	case !roomName(name):
		r.report(path, "`identity.providers.name`: "+quote(name)+" is not possible", "write 1 to 32 lower-case letters, digits and `-`, a letter or digit first")
	case names[name]:
		r.report(path, "`identity.providers.name`: there is another provider "+name, "give each a name of its own")
	}
	names[name] = true
}

// onlySigned refuses what another type of provider does not heed.
func (r *reader) onlySigned(at string, p *IdentityProvider) {
	others := map[string]bool{".keys_file": p.KeysFile != "", ".audience": p.Audience != "", ".start": p.Start != ""}
	only := ProviderSigned
	if p.Type == ProviderSigned {
		others = map[string]bool{".client_id": p.ClientID != "", ".client_secret": p.ClientSecret.IsSet(), ".scopes": len(p.Scopes) > 0, ".profile": p.Profile != ""}
		only = "other types"
	}
	for path, set := range others {
		if set && r.sound(at+path) {
			r.report(at+path, "`"+label(at+path)+"` is for "+only+" only", "remove it, or mind `type`")
		}
	}
}

// needed reports a value that is missing.
func (r *reader) needed(path string, there bool, mend string) {
	if !there && r.sound(path) {
		r.report(path, "the provider has no `"+path[strings.LastIndexByte(path, '.')+1:]+"`", mend)
	}
}

// words checks a list of single words.
func (r *reader) words(path string, list []string) {
	if r.has(path) && r.sound(path) && (len(list) == 0 || len(list) > maxProviders || !slices.ContainsFunc(list, plainText) ||
		slices.ContainsFunc(list, func(w string) bool { return !plainText(w) })) {
		r.report(path, "`"+label(path)+"` is not possible", "write words without spaces, or remove it")
	}
}

// tokenAlgorithms are those that tokens may be signed with.
var tokenAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// algorithms refuses those by which whoever holds a public key could sign, or nobody has to.
func (r *reader) algorithms(path string, list []string) {
	for i, a := range list {
		if !slices.Contains(tokenAlgorithms, a) {
			r.report(fmt.Sprintf("%s[%d]", path, i), "`"+label(path)+"`: "+quote(a)+" is not possible", "write some of "+strings.Join(tokenAlgorithms, ", "))
		}
	}
	if r.has(path) && len(list) == 0 && r.sound(path) {
		r.amount(path, 0)
	}
}

// appRedirects checks where apps take their answer.
func (r *reader) appRedirects(path string, list []string) {
	if len(list) > maxProviders {
		r.report(path, fmt.Sprintf("`%s` has %d entries", label(path), len(list)), fmt.Sprintf("write at most %d", maxProviders))
	}
	for i, address := range list {
		u, err := url.Parse(address)
		_, insecure := secureURL(address)
		private := err == nil && strings.Contains(u.Scheme, ".") && u.User == nil && u.Fragment == "" && !strings.Contains(address, "#")
		if !private && insecure != nil {
			r.report(fmt.Sprintf("%s[%d]", path, i), "`"+label(path)+"`: "+quote(address)+" is not possible",
				"write https://, http:// on a loopback address, or a scheme of the app's own with a point in it, such as kr.example.app:/login")
		}
	}
}

// secureURL is an absolute https address, or an http one on a loopback address.
func secureURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, err
	case u.Hostname() == "" || u.User != nil || strings.Contains(text, "#") || u.Opaque != "" || !plainText(text):
		return nil, &fault{what: "not an address"}
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(net.JoinHostPort(u.Hostname(), "80"))):
		return nil, &fault{what: "not secure"}
	}
	return u, nil
}

// plainText is printable ASCII without spaces.
func plainText(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}
