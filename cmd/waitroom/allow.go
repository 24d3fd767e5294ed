package main

import (
	"waitroom/config"
	"waitroom/proxy"
	"waitroom/proxy/allow"
)

// allow is who goes to a room's backend without a pass; nil for nobody.
func (g *gateway) allow(from *config.Room) *allow.List {
	o := allow.Options{Room: from.Name, Names: g.reverse, Log: g.log}
	for i := range from.Allow {
		a := &from.Allow[i]
		o.Rules = append(o.Rules, allow.Rule{
			Name: a.Name, Paths: proxy.Encoded(a.Paths), Methods: a.Methods, Addresses: a.Addresses, Names: a.ReverseNames,
			Header: a.Header.Name, Secret: a.Header.Secret.Reveal(),
		})
	}
	return allow.New(o)
}
