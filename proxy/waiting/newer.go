package waiting

import (
	"context"
	"sync"
	"time"

	"waitroom/queue"
	"waitroom/token"
)

// newer reads the view out of turn, for visitors who were called since it was read: another gateway may have told them so, and
// "it is not your turn yet" after "it is your turn" would be the worst answer there is. However many ask, it is read no more often
// than once in newerPause. The zero value is ready.
type newer struct {
	mu    sync.Mutex
	began time.Time // when it was read last
}

const (
	newerPause = 50 * time.Millisecond
	// near is how many tickets at the head may have been called since the view was read, as far as is worth a look.
	near = 1000
)

// view is one that was read after the instant; the last one where the store does not answer, which the line's keeper tells of.
func (n *newer) view(ctx context.Context, line Line, asked time.Time) *queue.View {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.began.After(asked) {
		time.Sleep(time.Until(n.began.Add(newerPause)))
		n.began = time.Now()
		_ = line.Refresh(ctx)
	}
	return line.View()
}

// latest is the view by which a ticket may be refused its entry: where the gateway's own says that it waits near the head, one that
// knows of all calls before now.
func (r *Room) latest(t *token.Ticket, view *queue.View) *queue.View {
	if !r.Shared || view.Ranks == nil || !r.waits(t, view, view.Now()) || view.Ranks.Ahead(r.place(t, &view.Rules)) >= near {
		return view
	}
	return r.newer.view(r.patience.wait(), r.Line, time.Now())
}
