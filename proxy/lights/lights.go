// Package lights counts what becomes of verifications at identity providers, shares the counts with all gateways through the store,
// and shows each provider's traffic light.
//
// Counting costs some atomic additions: no lock, no allocation, no trip. Once a second one trip tells the store what was counted
// and reads what all did. The light is a fold of slots that are over, so gateways that reach the store show the same one. Without
// the store the last light stays, marked as stale; what is counted meanwhile is in this gateway's metrics, and does not count
// later. A lost answer may lose the counts of a second, and never counts them twice.
//
// Names of providers and numbers are all that it knows: nothing of a person comes here.
package lights

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"waitroom/queue"
	"waitroom/token/identity"
	"waitroom/token/identity/light"
)

// Provider is one provider of the configuration.
type Provider struct {
	Name string
	// Open says whether this gateway has given the provider up for a while, because it failed too often; nil is never. It
	// must not block.
	Open func() bool
}

// Shown is what visitors may see: all providers, those that flow first. It is not to be changed.
type Shown struct {
	Providers []light.Shown
	// Slot is the last that the lights are made of. Stale says that the store has not answered lately.
	Slot  int64
	Stale bool
}

// Board counts and shows. All methods may be called from many goroutines at once, and on a nil Board, which counts nothing and
// shows nothing. Make it with New.
type Board struct {
	store queue.Tallying
	log   *zap.Logger

	flows atomic.Pointer[map[string]*flow]
	shown atomic.Pointer[Shown]

	trip  sync.Mutex // held while the store is asked, so that no answer is older than what is known
	mu    sync.Mutex // guards what follows, and what flows have of it
	order []*flow
	slot  int64     // the last that was read
	now   int64     // the store's clock when it was read
	read  time.Time // when that was
	away  bool
	again chan struct{} // asks the keeper not to wait
}

// New is a Board without providers, which shows nothing until the first Configure.
func New(store queue.Tallying, log *zap.Logger) *Board {
	b := &Board{store: store, log: log, again: make(chan struct{}, 1)}
	b.flows.Store(&map[string]*flow{})
	b.shown.Store(&Shown{})
	return b
}

// Configure sets the providers, in the order of the configuration. What is known of those that stay is kept.
func (b *Board) Configure(providers []Provider) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, next := *b.flows.Load(), make(map[string]*flow, len(providers))
	b.order = nil
	for _, p := range providers {
		f := before[p.Name]
		if f == nil {
			f = &flow{name: p.Name}
			b.slot = 0 // all of it is read anew
		}
		f.open = p.Open
		next[p.Name], b.order = f, append(b.order, f)
	}
	b.flows.Store(&next)
	b.show()
	b.hurry()
}

func (b *Board) flow(provider string) *flow {
	if b == nil {
		return nil
	}
	return (*b.flows.Load())[provider]
}

// Started counts a visitor who was sent to a provider's page.
func (b *Board) Started(provider string) {
	if f := b.flow(provider); f != nil {
		f.add(light.Started, 1)
	}
}

// Returned counts a visitor who came back, how long after the start, and why they were refused; "" is that they were verified. It
// is called once for each Started that comes to an end, also for one that the provider could not even begin.
func (b *Board) Returned(provider string, took time.Duration, why identity.Why) {
	if f := b.flow(provider); f != nil {
		f.returned(took, why)
	}
}

// Said counts a visitor who came back with a failure that only they tell of. It is in the metrics. To the light they are one who did not
// come back, as who makes it up may come as often as they like.
func (b *Board) Said(provider string, why identity.Why) {
	if f := b.flow(provider); f != nil {
		f.finished[index(why)].Add(1)
	}
}

// Asking notes that a call to the provider's own servers begins. Each has to be followed by Asked.
func (b *Board) Asking(provider string) {
	if f := b.flow(provider); f != nil {
		f.waiting.Add(1)
	}
}

// Asked counts a call to the provider's own servers that has ended, how long it took, and whether it was answered.
func (b *Board) Asked(provider string, took time.Duration, ok bool) {
	if f := b.flow(provider); f != nil {
		f.waiting.Add(-1)
		f.asked(took, ok)
	}
}

// Lights are the providers as they are shown now. It does not block or allocate.
func (b *Board) Lights() *Shown {
	if b == nil {
		return &Shown{}
	}
	return b.shown.Load()
}

// Paused says whether an operator has taken a provider out: nobody is to be sent there, and who is on the way may come back.
func (b *Board) Paused(provider string) bool {
	return slices.ContainsFunc(b.Lights().Providers, func(s light.Shown) bool { return s.Name == provider && s.Paused })
}

// show makes anew what is shown. The caller holds the lock.
func (b *Board) show() {
	next := &Shown{Slot: b.slot, Stale: b.away}
	for _, f := range b.order {
		l := f.state.Light
		if f.givenUp() {
			l = light.Down
		}
		next.Providers = append(next.Providers, light.Shown{Name: f.name, Light: l, Paused: f.paused.On})
	}
	light.Order(next.Providers)
	b.shown.Store(next)
}

// hurry asks the keeper not to wait for its next second.
func (b *Board) hurry() {
	select {
	case b.again <- struct{}{}:
	default:
	}
}
