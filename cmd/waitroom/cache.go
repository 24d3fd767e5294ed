package main

import (
	"context"
	"crypto/rand"
	"time"

	"go.uber.org/zap"

	"waitroom/config"
	"waitroom/proxy"
	"waitroom/proxy/cache"
	"waitroom/queue"
	"waitroom/token"
)

const (
	// fetchPass is how long the gateway's own pass for a fetch is good.
	fetchPass = time.Minute
	// soldOutWait bounds how long a fetch waits for what the backend ordered with it.
	soldOutWait = time.Second
)

// cache is the room's cache; nil where nothing is declared public.
func (g *gateway) cache(from *config.Room, r *room) *cache.Cache {
	if len(from.Cache) == 0 {
		return nil
	}
	o := cache.Options{
		Backend: r.backend, Room: from.Name, Traffic: g.traffic.Room(from.Name), Log: g.log,
		MaxBytes: int64(from.CacheLimits.MaxBytes), MaxAnswer: int64(from.CacheLimits.MaxAnswer),
		Wait:    from.BackendTimeouts.Connect + from.BackendTimeouts.Response,
		Pass:    func() []byte { return g.ownPass(from.Name, r.line.View().Now()) },
		SoldOut: func() { g.soldOut(from.Name, r.line) },
	}
	for _, rule := range from.Cache {
		o.Rules = append(o.Rules, cache.Rule{Paths: proxy.Encoded(rule.Paths), TTL: rule.TTL, Stale: rule.Stale})
	}
	return cache.New(o)
}

// ownPass is a pass that lets a fetch through to a backend that verifies passes. It is of
// nobody, and bound to a device that there is not, so that it opens the gate to nobody,
// should a backend give it away.
func (g *gateway) ownPass(name string, now int64) []byte {
	p := token.Pass{Room: name, Entry: now, Issued: now, Expires: now + fetchPass.Microseconds(), End: now + fetchPass.Microseconds()}
	_, _ = rand.Read(p.ID[:])
	_, _ = rand.Read(p.Device.ID[:])
	return g.keys.Keys().AppendPass(nil, &p)
}

// soldOut does what the backend ordered with an answer to a fetch.
func (g *gateway) soldOut(name string, l line) {
	ctx, cancel := context.WithTimeout(context.Background(), soldOutWait)
	defer cancel()
	yes := true
	if err := l.Set(ctx, queue.Change{By: "backend", SoldOut: &yes}); err != nil {
		g.log.Error("the backend's command was not done", zap.String("room", name), zap.Error(err))
	}
}
