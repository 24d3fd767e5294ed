package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"waitroom/config"
	"waitroom/proxy/waiting"
	"waitroom/queue"
	"waitroom/queue/schedule"
	"waitroom/token/identity"
)

// verifier is one identity provider as it runs.
type verifier struct {
	identity.Provider
	made verifierOrigin
	told atomic.Int64 // when it was logged last that it did not answer, in seconds
}

// verifierOrigin is all that a provider is made of: where nothing of it changes the one that runs goes on.
type verifierOrigin struct {
	of             config.IdentityProvider
	origin         string
	person, groups []string
	birthday       bool
	ca, keys       string
}

// verifiers are the providers of a configuration: new ones, and of those that run the ones in which nothing has changed.
func (g *gateway) verifiers(c *config.Config) (made map[string]*verifier, err error) {
	made = map[string]*verifier{}
	groups, birthday, asked := wanted(c)
	if err := g.keys.Keys().NamesPersons(); asked && err != nil {
		return nil, err
	}
	g.mu.Lock()
	before := g.providers
	g.mu.Unlock()
	for _, p := range c.Identity.Providers {
		o := verifierOrigin{of: p, origin: c.Identity.Origin, person: c.Identity.Person, groups: groups, birthday: birthday}
		if o.ca, err = readText(p.CA); err == nil {
			o.keys, err = readText(p.KeysFile)
		}
		old := before[p.Name]
		if err == nil && old != nil && reflect.DeepEqual(old.made, o) {
			made[p.Name] = old
			continue
		}
		var one identity.Provider
		if err == nil {
			one, err = identity.New(providerOf(&o))
		}
		if err != nil {
			closeOthers(made, before)
			return nil, err
		}
		made[p.Name] = &verifier{Provider: one, made: o}
	}
	return made, nil
}

// wanted is what rooms want to know of people: claims that tell groups apart, and the day of birth; and whether any asks at all.
func wanted(c *config.Config) (groups []string, birthday, asked bool) {
	for i := range c.Rooms {
		room := &c.Rooms[i]
		if room.Identity != config.IdentityRequired {
			continue
		}
		asked = true
		for _, of := range room.Eligibility.Groups {
			if of.Claim != "" && !slices.Contains(groups, of.Claim) {
				groups = append(groups, of.Claim)
			}
		}
		birthday = birthday || slices.ContainsFunc(room.Eligibility.Windows, func(w config.Window) bool { return w.Kind == config.WindowRotation })
	}
	return groups, birthday, asked
}

func readText(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	return string(text), err
}

func providerOf(o *verifierOrigin) identity.Config {
	p, claims := &o.of, map[string]string{}
	for ours, theirs := range map[string]string{
		"birthdate": p.Claims.Birthdate, "birthyear": p.Claims.Birthyear, "birthday": p.Claims.Birthday, "birthday_type": p.Claims.BirthdayType, "ci": p.Claims.CI,
	} {
		if theirs != "" {
			claims[ours] = theirs
		}
	}
	return identity.Config{
		Name: p.Name, Type: p.Type, Callback: o.origin + "/.waitroom/login/" + p.Name + "/callback", AppRedirects: p.AppRedirects,
		Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(), Scopes: p.Scopes, Algorithms: p.Algorithms,
		Claims: claims, Profile: p.Profile, Person: o.person, Birthday: o.birthday, Groups: o.groups, Required: p.Required,
		Timeout: p.Timeout, MaxConcurrent: p.MaxConcurrent, CA: []byte(o.ca), Keys: []byte(o.keys), Audience: p.Audience, Start: p.Start,
	}
}

// closeOthers closes those that are not among those that stay.
func closeOthers(all, stay map[string]*verifier) {
	for name, v := range all {
		if stay[name] != v {
			v.Close()
		}
	}
}

// verify makes the gateway go by these providers. Those that it replaces are closed when nobody asks them any more.
func (g *gateway) verify(made map[string]*verifier) {
	g.mu.Lock()
	before := g.providers
	g.providers = made
	g.mu.Unlock()
	if len(before) == 0 {
		return
	}
	g.retired.Go(func() {
		timer := time.NewTimer(verifierGrace)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-g.ending:
		}
		closeOthers(before, made)
	})
}

// verifierGrace is longer than a request may ask a provider.
const verifierGrace = 35 * time.Second

// identity is how a room's visitors are verified; nil asks nobody.
func (g *gateway) identity(c *config.Config, from *config.Room, held queue.Held, s *schedule.Schedule, made map[string]*verifier) (*waiting.Identity, error) {
	if from.Identity != config.IdentityRequired {
		return nil, nil
	}
	origin, err := url.Parse(c.Identity.Origin)
	if err != nil {
		return nil, fmt.Errorf("identity.origin: %w", err)
	}
	i := &waiting.Identity{
		Origin: c.Identity.Origin, Authority: origin.Host, Held: held, Lock: from.DeviceLock.Microseconds(), Keep: queue.DefaultKeep,
		Schedule: s, Ends: from.Eligibility.OnClose == config.CloseEnd, Groups: groupsOf(from), Invited: map[string]uint16{}, Lights: g.lights, Pages: g.pages,
		Told: func(provider string, err error) { g.told(made[provider], from.Name, err) },
	}
	for n, of := range from.Eligibility.Groups {
		if of.Invitations {
			i.Invited[of.Name] = 1 << n
		}
	}
	for _, p := range c.Identity.Providers {
		i.Verifiers = append(i.Verifiers, &waiting.Verifier{
			Name: p.Name, Korean: cmp.Or(p.Label.Korean, p.Label.English, p.Name), English: cmp.Or(p.Label.English, p.Label.Korean, p.Name), Provider: made[p.Name],
		})
	}
	return i, nil
}

// groupsOf tells which groups of a room's eligibility a person belongs to.
func groupsOf(from *config.Room) func(claims map[string]string) uint16 {
	groups := from.Eligibility.Groups
	return func(claims map[string]string) (bits uint16) {
		for i, of := range groups {
			if of.Claim != "" && slices.Contains(of.In, claims[of.Claim]) {
				bits |= 1 << i
			}
		}
		return bits
	}
}

// told logs that a provider does not answer, once a minute at most; what else is refused, for who looks for it.
func (g *gateway) told(v *verifier, room string, err error) {
	var no *identity.Refusal
	if v == nil || err == nil {
		return
	}
	log := g.log.With(zap.String("room", room), zap.String("provider", v.made.of.Name), zap.Error(err))
	if !errors.As(err, &no) || no.Why != identity.Unavailable {
		log.Debug("a verification was refused")
		return
	}
	now, last := time.Now().Unix(), v.told.Load()
	if now-last >= 60 && v.told.CompareAndSwap(last, now) {
		log.Error("a verification failed because the identity provider does not answer; people are offered all of them")
	}
}

// discardVerifiers closes what was made for a configuration that is not taken over; nil closes those that run.
func (g *gateway) discardVerifiers(made map[string]*verifier) {
	g.mu.Lock()
	running := g.providers
	g.mu.Unlock()
	if made == nil {
		made, running = running, nil
	}
	closeOthers(made, running)
}
