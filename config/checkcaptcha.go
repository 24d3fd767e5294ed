package config

import (
	"net/url"
	"strings"
)

// captcha checks that a provider can be asked.
func (r *reader) captcha(at string, l RoomLimits) {
	c, path := l.Captcha, at+".captcha"
	if u := c.VerifyURL; u != "" && r.sound(path+".verify_url") {
		parsed, err := url.Parse(u)
		if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Fragment != "" ||
			parsed.Scheme != "https" && (parsed.Scheme != "http" || !loopback(withPort(parsed.Host))) {
			r.report(path+".verify_url", "`limits.captcha.verify_url`: "+quote(u)+" is not possible", "write https://, or http:// on a loopback address")
		}
	}
	if c.Kind != kindTurnstile && c.Kind != kindHCaptcha {
		return
	}
	if l.ProofOfWork.Mode != WorkOff && r.sound(path, at+".proof_of_work") {
		r.report(path+".kind", "both `limits.captcha` and `limits.proof_of_work` are on", "keep one of them")
	}
	if c.SiteKey == "" || strings.ContainsFunc(c.SiteKey, func(c rune) bool { return c <= ' ' || c > '~' }) {
		r.report(path+".site_key", "`limits.captcha` has no `site_key`", "write the public key that the provider gave")
	}
	if !c.Secret.IsSet() && r.sound(path+".secret", path+".secret_file") {
		r.report(path+".secret", "`limits.captcha` has no secret", "write the provider's into a file, and name it in `secret_file`")
	}
}

// withPort is a host with a port, whatever it was.
func withPort(host string) string {
	if strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']') {
		return host
	}
	return host + ":80"
}
