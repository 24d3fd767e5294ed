package device_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"waitroom/bench/browser"
	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// rounds is how often something happens to an honest browser; docs/measured.md has the figures of 60.
var rounds = flag.Int("rounds", 5, "rounds of TestAnHonestBrowserWithAKeyGoesOn")

func TestAnHonestBrowserWithAKeyGoesOn(t *testing.T) {
	t.Parallel()
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	g := gateway.Start(t, gateway.Options{
		Binary: binary, Backend: canary.Start(t).URL,
		Room: map[string]string{"rate": "0", "burst": "10", "pass": "{ttl: 1h, idle: 30m, rotate: 2s}"},
	})
	network := gateway.NewRelay(t, g.Visitors)
	var moves atomic.Int32
	move := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		network.From(fmt.Sprintf("127.0.0.%d", 1+moves.Add(1)))
	}))
	defer move.Close()
	play(t, "honest.mjs", strconv.Itoa(*rounds), network.URL, "http://"+g.Operators, gateway.Token, move.URL)
}
