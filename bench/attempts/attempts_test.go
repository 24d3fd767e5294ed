package attempts_test

import (
	"os"
	"testing"

	"waitroom/bench/attempts"
	"waitroom/bench/gateway"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, &binary)) }

// TestEveryAttemptIsRefused runs what the raw and HTTP drivers have, on both stores.
func TestEveryAttemptIsRefused(t *testing.T) {
	for name, own := range map[string]attempts.Own{
		"embedded":                  {Binary: binary},
		"two gateways on one store": {Binary: binary, Redis: true, Gateways: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := attempts.Select(attempts.Catalogue(), attempts.Choice{Drivers: []string{"raw", "http"}})
			if err != nil {
				t.Fatal(err)
			}
			site := attempts.Start(t, own)
			site.Begin(t, all)
			r := attempts.Runner{Site: site}
			for _, o := range r.Run(t.Context(), all) {
				t.Logf("%s %s, %d variants, %s %s", o.Attempt.ID, o.Verdict, o.Tried, o.Took, o.Because)
				if o.Verdict == attempts.Unclear || o.Verdict == attempts.Untried && o.Attempt.Driver != attempts.Static && o.Because != "this gateway asks for no keys of devices" {
					t.Errorf("%s is %s: %s", o.Attempt.ID, o.Verdict, o.Because)
				}
				for _, f := range o.Found {
					t.Errorf("%s, %s: %s\n> %s\n< %s\nbackend: %s", o.Attempt.ID, f.Variant, f.Why, f.Sent, f.Answer, f.Backend)
				}
			}
		})
	}
}
