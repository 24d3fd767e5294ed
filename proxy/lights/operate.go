package lights

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"waitroom/token/identity/light"
)

// ErrUnknown says that there is no such provider in the configuration.
var ErrUnknown = errors.New("there is no such provider")

// State is a provider as operators see it.
type State struct {
	Name  string
	Light light.Light
	// Open says that this gateway has given it up for a while.
	Open   bool
	Paused bool
	// PausedBy and PausedAt say who set that last, and when in microseconds; 0 is never.
	PausedBy string
	PausedAt int64
	// Measures are of all gateways, over the last minute that is over.
	Measures light.Measures
}

// States are the providers, in the order of the configuration.
func (b *Board) States() []State {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	states := make([]State, 0, len(b.order))
	for _, f := range b.order {
		s := State{
			Name: f.name, Light: f.state.Light, Open: f.givenUp(), Paused: f.paused.On, PausedBy: f.paused.By, PausedAt: f.paused.At,
			Measures: light.MeasuresOf(f.slots, b.now),
		}
		if s.Open {
			s.Light = light.Down
		}
		states = append(states, s)
	}
	return states
}

// Pause takes a provider out on every gateway within two seconds, or lets people to it again. Nobody who is on the way is
// stopped. It blocks until the store has it; again is harmless. The error wraps ErrUnknown, or is the store's.
func (b *Board) Pause(ctx context.Context, provider string, paused bool, by string) error {
	f := b.flow(provider)
	if f == nil {
		return ErrUnknown
	}
	b.trip.Lock()
	defer b.trip.Unlock()
	set, err := b.store.Switch(ctx, provider, paused, by)
	if err != nil {
		return err
	}
	b.mu.Lock()
	f.paused = set
	b.show()
	b.mu.Unlock()
	b.log.Info("an operator has set whether people are sent to an identity provider", zap.String("provider", provider), zap.Bool("paused", paused), zap.String("by", by))
	return nil
}
