package device_test

import (
	"flag"
	"strings"
	"testing"

	"waitroom/bench/browser"
	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// pictures is a folder for what people see.
var pictures = flag.String("pictures", "", "a folder for pictures of the page that proves, in both languages")

func TestOfABrowserAndItsCopyOnlyWhoHoldsTheKeyGoesOn(t *testing.T) {
	t.Parallel()
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	backend := canary.Start(t)
	g := gateway.Start(t, gateway.Options{
		Binary: binary, Backend: backend.URL,
		Room: map[string]string{"rate": "0", "burst": "10", "pass": "{ttl: 10m, idle: 5m, rotate: 2s}"},
	})
	play(t, "prove.mjs", g.URL, "http://"+g.Operators, gateway.Token, *pictures)
	for _, v := range backend.Visits() {
		if strings.Contains(v.URI, "after") || strings.Contains(v.URI, "late=") || strings.Contains(v.URI, "data") {
			t.Errorf("the backend saw %s", v.URI)
		}
	}
}
