package main

import (
	"github.com/valyala/fasthttp"

	"waitroom/config"
	"waitroom/proxy/bound"
	"waitroom/proxy/visitor"
	"waitroom/token"
)

// sessions are the bound sessions of a room; nil where it asks for none.
func (g *gateway) sessions(from *config.Room, cookies visitor.Cookies) *bound.Room {
	if mode := from.Device.DBSC; mode != config.DevicePrefer && mode != config.DeviceRequire {
		return nil
	}
	return &bound.Room{
		Name: from.Name, Keys: g.keys, Cookies: cookies, Require: from.Device.DBSC == config.DeviceRequire,
		Open: from.OpenPaths, Used: &g.used,
	}
}

// offer is told of each pass that a browser is given.
func offer(sessions *bound.Room) func(*fasthttp.RequestCtx, *token.Pass, int64) {
	if sessions == nil {
		return nil
	}
	return sessions.Offer
}
