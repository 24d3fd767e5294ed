package provider_test

import "testing"

// BenchmarkVerification is one person's whole way: the provider's page, the code, the token and the profile, with the gateway's side,
// the provider's and the browser's in one process.
func BenchmarkVerification(b *testing.B) {
	p := newPair(b, nil)
	for b.Loop() {
		if _, err := p.verify("person=7"); err != nil {
			b.Fatal(err)
		}
	}
}
