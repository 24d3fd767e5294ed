package main

import (
	"context"

	"waitroom/config"
	"waitroom/proxy/lights"
)

// keepLights makes the lights of identity providers, and keeps them until the function that it gives is called.
func (g *gateway) keepLights() (stop func()) {
	g.lights = lights.New(g.store.tallies, g.log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.lights.Keep(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// providers are those of the configuration, as the lights know them.
func providers(c *config.Config, running map[string]*verifier) []lights.Provider {
	all := make([]lights.Provider, 0, len(c.Identity.Providers))
	for i := range c.Identity.Providers {
		v := running[c.Identity.Providers[i].Name]
		all = append(all, lights.Provider{Name: v.made.of.Name, Open: func() bool { return v.Health().Broken }})
	}
	return all
}
