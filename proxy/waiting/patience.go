package waiting

import (
	"context"
	"sync/atomic"
	"time"
)

// patience bounds how long requests wait for the store. Those that come close together
// share one context, since each would cost its request several allocations and a timer.
// The zero value is ready.
type patience struct{ now atomic.Pointer[shared] }

type shared struct {
	context.Context
	until time.Time // when it is given to nobody any more
}

// grain is how much less than storeWait a request may get.
const grain = storeWait / 15

// wait is a context that ends in storeWait, or at most a grain before. Nobody has to
// cancel it.
func (p *patience) wait() context.Context {
	now := time.Now()
	was := p.now.Load()
	if was != nil && now.Before(was.until) {
		return was
	}
	ctx, cancel := context.WithDeadline(context.Background(), now.Add(storeWait))
	context.AfterFunc(ctx, cancel) // the deadline frees what it holds
	is := &shared{ctx, now.Add(grain)}
	p.now.CompareAndSwap(was, is)
	return is
}
