package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"strings"
)

// files resolves and reads the files that the configuration names, and takes secrets from theirs.
func (r *reader) files(c *Config) {
	r.secret("operator.token", &c.Operator.Token, &c.Operator.TokenFile)
	r.secret("store.url", &c.Store.URL, &c.Store.URLFile)
	r.secret("store.password", &c.Store.Password, &c.Store.PasswordFile)
	r.secret("store.sentinel.password", &c.Store.Sentinel.Password, &c.Store.Sentinel.PasswordFile)
	r.resolve("keys.file", &c.Keys.File)
	r.pair("tls", &c.TLS.Cert, &c.TLS.Key)
	r.pair("store.tls", &c.Store.TLS.Cert, &c.Store.TLS.Key)
	r.authorities("store.tls.ca", &c.Store.TLS.CA)
	for i := range c.Identity.Providers {
		p, at := &c.Identity.Providers[i], fmt.Sprintf("identity.providers[%d]", i)
		r.secret(at+".client_secret", &p.ClientSecret, &p.ClientSecretFile)
		r.authorities(at+".ca", &p.CA)
		r.publicKeys(at, p)
	}
	for i := range c.Rooms {
		room := &c.Rooms[i]
		r.authorities(fmt.Sprintf("rooms[%d].backend_tls.ca", i), &room.BackendTLS.CA)
		r.read(fmt.Sprintf("rooms[%d].waiting.page", i), &room.Waiting.Page)
		r.secret(fmt.Sprintf("rooms[%d].limits.captcha.secret", i), &room.Limits.Captcha.Secret, &room.Limits.Captcha.SecretFile)
		for j := range room.Allow {
			entry, at := &room.Allow[j], fmt.Sprintf("rooms[%d].allow[%d]", i, j)
			r.secret(at+".header.secret", &entry.Header.Secret, &entry.Header.SecretFile)
			r.ranges(at, entry)
		}
	}
}

// read resolves the name at path and gives the file's content; nil where there is none.
func (r *reader) read(path string, name *string) []byte {
	if *name == "" || !r.sound(path) {
		return nil
	}
	r.resolve(path, name)
	file := read(*name)
	r.named = append(r.named, file)
	if file.err != nil {
		r.report(path, fmt.Sprintf("`%s`: the file %s cannot be read: %v", label(path), *name, cause(file.err)), "name a file that this process may read")
		return nil
	}
	return file.data
}

// resolve makes a name in the configuration file relative to its folder; in a variable it is
// relative to the working directory.
func (r *reader) resolve(path string, name *string) {
	if *name != "" && !filepath.IsAbs(*name) && r.set[path].variable == "" {
		*name = filepath.Join(r.dir, *name)
	}
}

// secret fills s from the file beside it.
func (r *reader) secret(path string, s *Secret, name *string) {
	file := path + "_file"
	if *name == "" || !r.sound(file) {
		return
	}
	if s.IsSet() || r.bad[path] {
		r.report(file, fmt.Sprintf("both `%s` and `%s` are set", label(path), label(file)), "keep one of them")
		return
	}
	data := r.read(file, name)
	if data == nil && r.bad[file] {
		r.bad[path] = true
		return
	}
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" {
		r.report(file, fmt.Sprintf("`%s`: the file %s is empty", label(file), *name), "write the secret into it")
		r.bad[path] = true
		return
	}
	// The value counts as standing where its file is named.
	r.set[path] = r.set[file]
	*s = newSecret(value)
}

// pair checks a certificate and its key.
func (r *reader) pair(path string, cert, key *string) {
	if (*cert == "") != (*key == "") && r.sound(path, path+".cert", path+".key") {
		at, missing := path+".cert", path+".key"
		if *cert == "" {
			at, missing = missing, at
		}
		r.report(at, fmt.Sprintf("`%s` is set without `%s`", label(at), label(missing)), "set both or neither")
	}
	certPEM, keyPEM := r.read(path+".cert", cert), r.read(path+".key", key)
	if certPEM == nil || keyPEM == nil {
		return
	}
	if _, err := tls.X509KeyPair(certPEM, keyPEM); err != nil {
		r.report(path+".cert", fmt.Sprintf("certificate and key of `%s` do not work: %v", path, err), "name a PEM certificate and the unencrypted PEM key that belongs to it")
	}
}

// authorities checks a file of certificates to trust.
func (r *reader) authorities(path string, name *string) {
	data := r.read(path, name)
	if data != nil && !x509.NewCertPool().AppendCertsFromPEM(data) {
		r.report(path, fmt.Sprintf("`%s`: there is no certificate in %s", label(path), *name), "name a file with PEM certificates")
	}
}

// derive fills in the defaults that depend on other settings, and brings names into one spelling.
func (r *reader) derive(c *Config) {
	if !r.has("keys.dir") {
		c.Keys.Dir = filepath.Join(c.DataDir, "keys")
	}
	for i := range c.Rooms {
		room, at := &c.Rooms[i], fmt.Sprintf("rooms[%d].", i)
		if !r.has(at + "pass.idle") {
			room.Pass.Idle = min(room.Pass.Idle, room.Pass.TTL)
		}
		if !r.has(at + "pass.rotate") {
			room.Pass.Rotate = min(room.Pass.Rotate, room.Pass.Idle/2)
		}
		if !r.has(at + "health.timeout") {
			room.Health.Timeout = min(room.Health.Timeout, room.Health.Interval)
		}
		if !r.has(at + "cache_limits.max_answer") {
			room.CacheLimits.MaxAnswer = min(room.CacheLimits.MaxAnswer, room.CacheLimits.MaxBytes/8)
		}
		for _, rule := range room.Cache {
			for j, p := range rule.Paths {
				rule.Paths[j] = belowStar(p)
			}
		}
		for j := range room.Allow {
			entry := &room.Allow[j]
			if len(entry.Methods) == 0 && !r.has(fmt.Sprintf("%sallow[%d].methods", at, j)) {
				entry.Methods = []string{"GET", "HEAD"}
			}
			for k, p := range entry.Paths {
				entry.Paths[k] = belowStar(p)
			}
			for k, name := range entry.ReverseNames {
				entry.ReverseNames[k] = strings.ToLower(strings.TrimPrefix(name, "."))
			}
		}
		for j, h := range room.Hosts {
			room.Hosts[j] = strings.ToLower(h)
		}
		for j, p := range room.Paths {
			if strings.HasPrefix(p, "/") {
				room.Paths[j] = strings.TrimSuffix(p, "/") + "/"
			}
		}
	}
}
