package load

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Identity makes visitors verify who they are before they get a place. Their persons are those of bench/provider, which logs in
// whom the parameter `person` names.
type Identity struct {
	// Providers are where they would go by themselves. Who finds another light than smooth or delayed there, or was there in
	// vain, takes the first that the gateway offers.
	Providers []Share
	// Stubborn is the share of those who always go there, whatever its light.
	Stubborn float64
	// Takes is how long people are at a provider's page, on average; 20 s by default.
	Takes time.Duration
	// Second is the share of those who come as a person who has come shortly before on another device.
	Second float64
	// OtherDay is the share of those whose day of birth ends in another digit than Digit.
	OtherDay float64
	Digit    int
	// Redirect is the app's address to which providers send people back; kr.example.app:/login by default. It has to be one
	// of the providers' app_redirects.
	Redirect string
}

// Share is a provider by its name, and the share of the visitors who favour it.
type Share struct {
	Name  string
	Share float64
}

const (
	usualTakes    = 20 * time.Second
	usualRedirect = "kr.example.app:/login"
	maxProviders  = 16
)

// filled is the identity with its defaults, or what is impossible about it.
func (i *Identity) filled() (*Identity, error) {
	if i == nil {
		return nil, nil
	}
	f := *i
	if f.Takes == 0 {
		f.Takes = usualTakes
	}
	if f.Redirect == "" {
		f.Redirect = usualRedirect
	}
	sum := 0.0
	for _, p := range f.Providers {
		if p.Name == "" || !visible(p.Name) || bad(p.Share) {
			return nil, fmt.Errorf("%w: a provider is a name and a share from 0 to 1, as in kakao=0.5", ErrImpossible)
		}
		sum += p.Share
	}
	switch {
	case len(f.Providers) == 0 || len(f.Providers) > maxProviders || sum <= 0:
		return nil, fmt.Errorf("%w: there must be 1 to 16 providers, one with a share", ErrImpossible)
	case bad(f.Second) || bad(f.OtherDay) || bad(f.Stubborn):
		return nil, fmt.Errorf("%w: shares are from 0 to 1", ErrImpossible)
	case f.Digit < 0 || f.Digit > 9 || f.Takes < 0:
		return nil, fmt.Errorf("%w: a digit is 0 to 9, and no time is negative", ErrImpossible)
	}
	return &f, nil
}

// verifying is what a visitor needs until they are verified, and the device that they show from then on.
type verifying struct {
	person int
	// favourite is the provider that they would go to, at the one that they went to, both by index.
	favourite, at int
	stubborn      bool
	// tries are how often they were there in vain.
	tries  int
	device []byte
	flow   string
	// host and path are the provider's page, and back what it sent them back with.
	host, path string
	back       []byte
	random     *rand.Rand
}

// drawn is a random number generator of what the i-th visitor does, the same in each run.
func (p *Plan) drawn(i int) *rand.Rand {
	return rand.New(rand.NewPCG(p.Seed+1, uint64(i)+2)) //nolint:gosec // who does what is no secret
}

// verifyingOf decides by the seed who the i-th visitor is.
func (p *Plan) verifyingOf(i int) *verifying {
	id, random := p.Identity, p.drawn(i)
	v := &verifying{random: random}
	v.person = p.personOf(i)
	sum := 0.0
	for _, s := range id.Providers {
		sum += s.Share
	}
	v.stubborn = random.Float64() < id.Stubborn
	at := random.Float64() * sum
	for n, s := range id.Providers {
		if at -= s.Share; at < 0 {
			v.favourite = n
			break
		}
	}
	return v
}

// household is how many visitors before them, at most, a second device's person came.
const household = 20

// personOf is who the i-th visitor is: somebody of their own, or one of those before.
func (p *Plan) personOf(i int) int {
	id := p.Identity
	for {
		random := rand.New(rand.NewPCG(p.Seed+2, uint64(i)+2)) //nolint:gosec // who does what is no secret
		digit := id.Digit
		if random.Float64() < id.OtherDay {
			digit = (id.Digit + 1 + random.IntN(9)) % 10
		}
		if before := 1 + random.IntN(household); random.Float64() < id.Second && before <= i {
			i -= before
			continue
		}
		return i*10 + digit
	}
}
