package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
)

// publicKeys checks the file of a signed service: that its keys can be read, and that there is one for each algorithm.
func (r *reader) publicKeys(at string, p *IdentityProvider) {
	path := at + ".keys_file"
	data := r.read(path, &p.KeysFile)
	if data == nil {
		return
	}
	what, mend := "`"+label(path)+"`: ", "name a file with PEM public keys"
	keys, err := readPublicKeys(data)
	switch {
	case err != nil:
		r.report(path, fmt.Sprintf("%s%s cannot be used: %v", what, p.KeysFile, err), mend)
		return
	case len(keys) == 0:
		r.report(path, what+"there is no public key in "+p.KeysFile, mend)
		return
	case p.Type != ProviderSigned:
		return
	}
	algorithms := p.Algorithms
	if !r.has(at + ".algorithms") {
		algorithms = []string{"RS256"}
	}
	for _, a := range algorithms {
		fits := func(k crypto.PublicKey) bool { return signsWith(k, a) }
		if slices.Contains(tokenAlgorithms, a) && !slices.ContainsFunc(keys, fits) {
			r.report(path, fmt.Sprintf("%snone of the keys in %s is for %s", what, p.KeysFile, a),
				"write in `algorithms` what the service signs with; an RSA key has to have 2048 bits")
		}
	}
}

// readPublicKeys reads the keys of a PEM file; a private one is none.
func readPublicKeys(data []byte) (keys []crypto.PublicKey, err error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key crypto.PublicKey
		switch block.Type {
		case "PUBLIC KEY":
			key, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "CERTIFICATE":
			var c *x509.Certificate
			if c, err = x509.ParseCertificate(block.Bytes); err == nil {
				key = c.PublicKey
			}
		default:
			return nil, fmt.Errorf("it has a block %s", block.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("its block %s is damaged", block.Type)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// signsWith says whether tokens of an algorithm can be verified with a key.
func signsWith(key crypto.PublicKey, algorithm string) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")) && k.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return map[string]int{"ES256": 256, "ES384": 384, "ES512": 521}[algorithm] == k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}
