package attempts

import (
	"maps"
	"testing"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// Own says what gateway to start for a run.
type Own struct {
	// Binary is the program; see gateway.Build.
	Binary string
	// Redis says that the line is in Redis, in a server of the run's own.
	Redis bool
	// Gateways is how many; more than one need Redis. 0 is one.
	Gateways int
	// Starts starts each of them; nil starts Binary.
	Starts func(t testing.TB, o gateway.Options) *gateway.Gateway
	// Room are settings of the room beside the usual ones.
	Room map[string]string
}

// Host is whom visitors of a site of the run's own ask for: a name that browsers trust
// and find on this machine.
const Host = "www.booking.localhost"

// Start starts gateways with a canary behind them; they end with t. The site has yet to
// begin.
func Start(t testing.TB, o Own) *Site {
	t.Helper()
	c := canary.Start(t)
	site := &Site{
		Host: Host, Room: gateway.Room, Page: "/book", Open: canary.Open,
		Backend: c.URL, Token: gateway.Token, Canary: c, Binary: o.Binary, Starts: o.Starts,
	}
	if o.Redis {
		site.Redis = redistest.Start(t)
	}
	room := map[string]string{"rate": "36,000,000/h", "burst": "1000", "hosts": "[" + Host + "]", "open_paths": "[" + canary.Open + "]"}
	maps.Copy(room, o.Room)
	// So that whoever is slow on purpose need not be waited for.
	top := map[string]string{"limits": "{read_timeout: 3s}"}
	dir := t.TempDir()
	start := o.Starts
	if start == nil {
		start = gateway.Start
	}
	for range max(1, o.Gateways) {
		g := start(t, gateway.Options{Binary: o.Binary, Backend: c.URL, Redis: site.Redis, Top: top, Room: room, Dir: dir})
		site.Gateways = append(site.Gateways, g)
	}
	site.URL, site.Operator = site.Gateways[0].URL, "http://"+site.Gateways[0].Operators
	c.Verify(site.URL, Host)
	return site
}
