package identity

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

// openID is a provider of OpenID Connect: authorization code flow, with PKCE.
type openID struct {
	c         *Config
	client    *http.Client
	transport *http.Transport
	life      context.Context // until Close
	end       context.CancelFunc
	asking    chan struct{} // as many as may ask
	breaker   breaker
	says      remembered[*description]
	keys      keySet
}

func newOpenID(c *Config, client *http.Client, transport *http.Transport) *openID {
	o := &openID{
		c: c, client: client, transport: transport,
		asking:  make(chan struct{}, c.MaxConcurrent),
		breaker: breaker{limit: c.Failures, pause: c.Pause},
	}
	o.life, o.end = context.WithCancel(context.Background())
	o.says = remembered[*description]{
		clock: c.Clock, fresh: time.Hour, good: 24 * time.Hour, again: time.Second, timeout: c.Timeout,
		fetch: func(ctx context.Context) (*description, error) { return describe(ctx, client, c.Issuer) },
	}
	o.keys = keySet{life: o.life, remembered: remembered[[]jose.JSONWebKey]{
		clock: c.Clock, fresh: 5 * time.Minute, good: time.Hour, again: 5 * time.Second, timeout: c.Timeout, fetch: o.fetchKeys,
	}}
	return o
}

func (o *openID) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	d, err := o.says.get(ctx, o.life, false)
	if err != nil {
		return nil, err
	}
	return fetchKeys(ctx, o.client, d.jwks)
}

// Begin makes the address of the provider's page.
func (o *openID) Begin(ctx context.Context, s Start) (string, Flow, error) {
	redirect, err := o.c.redirect(s.Redirect)
	if err != nil {
		return "", Flow{}, &Refusal{Mismatch, err}
	}
	if o.breaker.broken(o.c.Clock()) {
		return "", Flow{}, errBroken
	}
	if !o.says.known() {
		if err := o.ask(ctx, func(ctx context.Context) error {
			_, err := o.description(ctx)
			return err
		}); err != nil {
			return "", Flow{}, err
		}
	}
	d, err := o.description(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	f := newFlow(o.c.Name, s)
	f.Verifier = oauth2.GenerateVerifier()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(f.Verifier), oidc.Nonce(spell(f.Nonce))}
	if s.Language != "" {
		options = append(options, oauth2.SetAuthURLParam("ui_locales", s.Language))
	}
	return o.oauth(d, redirect).AuthCodeURL(spell(f.State), options...), f, nil
}

func (o *openID) oauth(d *description, redirect string) *oauth2.Config {
	endpoint := d.endpoint
	if o.c.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client has nothing for a header
	}
	return &oauth2.Config{
		ClientID: o.c.ClientID, ClientSecret: o.c.ClientSecret, Endpoint: endpoint, RedirectURL: redirect, Scopes: o.c.Scopes,
	}
}

func (o *openID) description(ctx context.Context) (*description, error) {
	d, err := o.says.get(ctx, o.life, false)
	if err != nil {
		return nil, &Refusal{Unavailable, err}
	}
	return d, nil
}

// Finish takes the code for an ID token, and that for a person.
func (o *openID) Finish(ctx context.Context, f Flow, b Back) (p Person, err error) {
	if refusal := checkBack(o.c, f, b); refusal != nil {
		return Person{}, refusal
	}
	if b.Issuer != "" && b.Issuer != o.c.Issuer {
		return Person{}, &Refusal{Mismatch, errors.New("the answer says that it is from another issuer (RFC 9207)")}
	}
	if refusal := checkError(b.Error); refusal != nil {
		return Person{}, refusal
	}
	redirect, err := o.c.redirect(f.Redirect)
	if err != nil {
		return Person{}, &Refusal{Mismatch, err}
	}
	if !visible(b.Code) {
		return Person{}, forged("the answer has neither a code nor an error, or the code is none")
	}
	err = o.ask(ctx, func(ctx context.Context) error {
		p, err = o.verify(ctx, f, b, redirect)
		return err
	})
	if err != nil {
		return Person{}, err
	}
	return p, nil
}

// visible tells whether a code is one (RFC 6749, appendix A.11), of at most 2 KB.
func visible(code string) bool {
	for _, c := range []byte(code) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return code != "" && len(code) <= maxCode
}

// Health tells how the provider does.
func (o *openID) Health() Health {
	broken, retry := o.breaker.state(o.c.Clock())
	return Health{Asking: len(o.asking), Broken: broken, Retry: retry}
}

// Close breaks off what is under way.
func (o *openID) Close() {
	o.end()
	o.transport.CloseIdleConnections()
}

var (
	errBroken = &Refusal{Busy, errors.New("the provider failed too often, and is left alone for a while")}
	errFull   = &Refusal{Busy, errors.New("as many verifications are under way as max_concurrent allows")}
)

// ask runs f, which asks the provider: at once, or not at all, and not for longer than is configured.
func (o *openID) ask(ctx context.Context, f func(context.Context) error) error {
	select {
	case o.asking <- struct{}{}:
		defer func() { <-o.asking }()
	default:
		return errFull
	}
	if !o.breaker.ask(o.c.Clock()) {
		return errBroken
	}
	within, cancel := context.WithTimeout(ctx, o.c.Timeout)
	defer cancel()
	defer context.AfterFunc(o.life, cancel)()
	became := abandoned // where f panics, too, so that no probe is waited for that is over
	defer func() { o.breaker.tell(o.c.Clock(), became) }()
	err := f(within)
	became = o.outcome(ctx, err)
	return err
}

// outcome tells whether the provider is to blame. What a visitor makes up has to leave it blameless, or anybody could switch it off.
func (o *openID) outcome(ctx context.Context, err error) outcome {
	var (
		refusal *Refusal
		status  statusError
	)
	switch {
	case !errors.As(err, &refusal) || refusal.Why != Unavailable:
		return answered
	case ctx.Err() != nil || o.life.Err() != nil:
		return abandoned
	case errors.As(err, &status) && status < 500 && status != http.StatusUnauthorized && status != http.StatusTooManyRequests:
		return answered
	}
	return failed
}
