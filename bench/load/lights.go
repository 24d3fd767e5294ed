package load

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// IdentityReport is what became of verifications.
type IdentityReport struct {
	// Started were sent to a provider; Verified came back and were found to be who they are, whether or not they got a place.
	Started  int64 `json:"started"`
	Verified int64 `json:"verified"`
	// PerEntry is how many verifications there were for each entry.
	PerEntry float64 `json:"verifications_per_entry"`
	// Refused are verifications that gave no place, by reason: problems of the gateway, and pages of providers that did not
	// answer. Who is refused may try again.
	Refused   map[string]int64 `json:"refused"`
	Providers []ProviderReport `json:"providers"`
	// Changes are those of the lights, as the gateway showed them.
	Changes []LightChange `json:"light_changes"`
}

// ProviderReport is what became of those who went to one provider.
type ProviderReport struct {
	Name     string `json:"name"`
	Started  int64  `json:"started"`
	Verified int64  `json:"verified"`
	// PageFailed did not get through at its page; Failed came back, or set out, in vain.
	PageFailed int64 `json:"page_failed"`
	Failed     int64 `json:"failed"`
}

// LightChange is that a provider was shown in another light from a moment on, in seconds since the start.
type LightChange struct {
	Seconds  float64 `json:"seconds"`
	Provider string  `json:"provider"`
	Light    string  `json:"light"`
	// Order is how all were offered then.
	Order []string `json:"order"`
}

// lightsEvery is how often the lights are asked for.
const lightsEvery = 500 * time.Millisecond

// watchLights notes how lights change until the function that it gives is called.
func (r *run) watchLights(ctx context.Context, dial dialer) (stop func()) {
	if r.plan.Identity == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		l := newLine(dial)
		defer l.close()
		defer context.AfterFunc(ctx, l.close)()
		ticker := time.NewTicker(lightsEvery)
		defer ticker.Stop()
		request := r.fresh.identityRequest(nil, &visitor{act: choose}, &r.plan, r.plan.Rooms[0])
		var a fasthttp.Response
		for ctx.Err() == nil {
			if l.exchange(request, &a) == nil {
				r.identity.lit(offers(a.Body()), time.Duration(r.clock()))
			}
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	})
	return func() {
		cancel()
		all.Wait()
	}
}

// lit notes which lights are others than before.
func (i *verified) lit(all []offer, now time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var order []string
	for _, o := range all {
		order = append(order, o.Name)
	}
	for _, o := range all {
		last := "smooth"
		for _, c := range slices.Backward(i.changes) {
			if c.Provider == o.Name {
				last = c.Light
				break
			}
		}
		if o.Light != last {
			i.changes = append(i.changes, LightChange{float64(now.Milliseconds()) / 1000, o.Name, o.Light, order})
		}
	}
}

// report is what was counted; nil where nobody had to verify.
func (i *verified) report(p *Plan, entered int64) *IdentityReport {
	if p.Identity == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	rep := &IdentityReport{Started: i.started.Load(), Verified: i.done.Load(), Refused: i.refused, Providers: i.providers, Changes: i.changes}
	if entered > 0 {
		rep.PerEntry = float64(rep.Verified) / float64(entered)
	}
	return rep
}

// fewChanges are how many changes of lights the table shows.
const fewChanges = 40

func (i *IdentityReport) rows() (rows [][2]string) {
	row := func(name, text string) { rows = append(rows, [2]string{name, text}) }
	row("sent to a provider", thousands(i.Started))
	row("verified", thousands(i.Verified)+", "+strconv.FormatFloat(i.PerEntry, 'f', 2, 64)+" for each entry")
	for _, why := range byCount(i.Refused) {
		row("refused: "+why, thousands(i.Refused[why]))
	}
	for _, p := range i.Providers {
		row("at "+p.Name, thousands(p.Started)+" sent, "+thousands(p.Verified)+" verified, "+thousands(p.PageFailed)+" failed at its page, "+thousands(p.Failed)+" failed")
	}
	row("changes of lights", thousands(int64(len(i.Changes))))
	for _, c := range i.Changes[:min(len(i.Changes), fewChanges)] {
		row("  after "+strconv.FormatFloat(c.Seconds, 'f', 1, 64)+" s", c.Provider+" "+c.Light)
	}
	return rows
}
