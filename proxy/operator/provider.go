package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"

	"go.uber.org/zap"

	"waitroom/proxy/lights"
	"waitroom/queue"
)

// Providers are those who verify people, as operators use them.
type Providers interface {
	// States are the providers in the order of the configuration; it does not block.
	States() []lights.State
	// Lights are what visitors are shown.
	Lights() *lights.Shown
	// Pause takes one out, or lets people to it again. It blocks until the store has it.
	Pause(ctx context.Context, provider string, paused bool, by string) error
}

// ProviderState is an identity provider in the API, for whoever writes or reads its JSON.
type ProviderState struct {
	Name string `json:"name"`
	// Light is smooth, delayed, congested or down; the same on all gateways that reach the store.
	Light string `json:"light"`
	// GivenUp says that this gateway asks it nothing for some seconds, because it failed too often.
	GivenUp bool `json:"given_up"`

	Paused      bool    `json:"paused"`
	PausedSetBy string  `json:"paused_set_by"`
	PausedSetAt *string `json:"paused_set_at"`

	// LastMinute is what all gateways counted in the last minute that is over.
	LastMinute ProviderMinute `json:"last_minute"`
}

// ProviderMinute is what became of the verifications of a minute.
type ProviderMinute struct {
	Started     int64 `json:"started"`
	Verified    int64 `json:"verified"`
	Canceled    int64 `json:"canceled"`
	Refused     int64 `json:"refused"`
	Unavailable int64 `json:"unavailable"`
	Busy        int64 `json:"busy"`
	// ReturnSeconds is the mean from start to return of those verified, AskSeconds that of the calls to the provider's
	// servers, null where there were none; Waiting is how many calls a gateway had under way.
	ReturnSeconds *float64 `json:"return_seconds"`
	AskSeconds    *float64 `json:"ask_seconds"`
	Waiting       float64  `json:"waiting"`
}

// ProviderStates is the answer to GET /api/providers. Stale says that the lights are old, because the store does not answer.
type ProviderStates struct {
	Stale     bool            `json:"stale"`
	Providers []ProviderState `json:"providers"`
}

func (a *api) states() []lights.State {
	if a.Providers == nil {
		return nil
	}
	return a.Providers.States()
}

func (a *api) providers(w http.ResponseWriter, _ *http.Request) {
	answer := ProviderStates{Providers: []ProviderState{}}
	for _, s := range a.states() {
		answer.Providers = append(answer.Providers, providerState(&s))
		answer.Stale = a.Providers.Lights().Stale
	}
	reply(w, http.StatusOK, answer)
}

func (a *api) provider(w http.ResponseWriter, _ *http.Request, s *lights.State) {
	reply(w, http.StatusOK, providerState(s))
}

// inProvider finds the provider that the path names.
func (a *api) inProvider(h func(http.ResponseWriter, *http.Request, *lights.State)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var names []string
		for _, s := range a.states() {
			if s.Name == r.PathValue("name") {
				h(w, r, &s)
				return
			}
			names = append(names, s.Name)
		}
		refuse(w, http.StatusNotFound, "no-such-provider", fmt.Sprintf("there is no provider %.40q; there is %s", r.PathValue("name"), orNone(names)))
	}
}

// pause sets what the body says, and answers with the provider as it is then.
func (a *api) pause(w http.ResponseWriter, r *http.Request, s *lights.State) {
	var paused *bool
	each := func(field string, value json.RawMessage) error {
		if field != "paused" {
			return &mistake{field, fmt.Sprintf("there is no field %.60q; there is paused", field)}
		}
		return flag(field, value, &paused)
	}
	who, ok := receive(w, r, []string{"paused"}, each)
	if !ok {
		return
	}
	if paused != nil {
		ctx, cancel := bounded(r)
		defer cancel()
		if err := a.Providers.Pause(ctx, s.Name, *paused, who); err != nil {
			a.pauseFailed(w, s.Name, err)
			return
		}
	}
	a.inProvider(a.provider)(w, r)
}

func (a *api) pauseFailed(w http.ResponseWriter, name string, err error) {
	if errors.Is(err, queue.ErrAway) || errors.Is(err, context.DeadlineExceeded) {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "store-away", "the store does not answer; whether this was done is not known, trying again is harmless")
		return
	}
	a.Log.Error("operator request failed", zap.String("provider", name), zap.Error(err))
	refuse(w, http.StatusInternalServerError, "failed", "that went wrong; the gateway's log says how")
}

func providerState(s *lights.State) ProviderState {
	m := s.Measures
	return ProviderState{
		Name: s.Name, Light: s.Light.String(), GivenUp: s.Open,
		Paused: s.Paused, PausedSetBy: s.PausedBy, PausedSetAt: instant(s.PausedAt),
		LastMinute: ProviderMinute{
			Started: m.Started, Verified: m.Verified, Canceled: m.Canceled, Refused: m.Refused, Unavailable: m.Unavailable, Busy: m.Busy,
			ReturnSeconds: orNull(m.ReturnSeconds), AskSeconds: orNull(m.AskSeconds), Waiting: math.Round(m.Waiting*10) / 10,
		},
	}
}

func orNull(seconds float64) *float64 {
	if seconds == 0 {
		return nil
	}
	rounded := finite(seconds)
	return &rounded
}
