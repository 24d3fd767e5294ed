package proxy

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/cache"
	"waitroom/proxy/forward"
	"waitroom/proxy/strict"
)

// kept answers an admitted request from what the room keeps for everybody, where its
// address is declared public.
func (o *Options) kept(ctx *fasthttp.RequestCtx, q *strict.Request, room *Room, x *forward.Extra) cache.Turn {
	from := cache.From{Scheme: x.Scheme, Open: len(x.Pass) == 0}
	if x.FromProxy {
		switch said := q.Value(strict.ForwardedProto); {
		case bytes.EqualFold(said, []byte("https")):
			from.Scheme = "https"
		case bytes.EqualFold(said, []byte("http")):
			from.Scheme = "http"
		}
		name := q.Value(strict.ForwardedHost)
		from.Aliased = name != nil && !bytes.EqualFold(name, q.Authority)
	}
	return room.Cache.Answer(ctx, q, from)
}

// answered does for an answer of the cache what forward does for one of the backend's.
func (o *Options) answered(ctx *fasthttp.RequestCtx, q *strict.Request, room *Room, s *seen, err error) bool {
	if err != nil {
		p, why := backendProblem(err)
		room.Traffic.Refuse(why)
		o.refuse(ctx, q, room, p)
		return false
	}
	if s.token != nil {
		unshare(ctx)
		o.rotate(ctx, room, s, false)
	}
	return true
}
