// Package captcha asks Cloudflare Turnstile or hCaptcha whether a token that a visitor shows is one
// of theirs, by the protocol that both have: a form is posted to siteverify, JSON comes back.
//
// It promises to ask within a time, to read little, to follow no redirect, and to tell a token that
// is no good from a provider that does not answer: that the caller decides on. It keeps nothing; that
// a token is good once is the provider's promise.
package captcha

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Provider is what is known of one: where tokens are verified, its script, and the origins that a
// page's policy has to name for it.
type Provider struct{ Verify, Script, Origins string }

// Providers are those that are known, by their kind.
func Providers() map[string]Provider {
	return map[string]Provider{
		"turnstile": {
			"https://challenges.cloudflare.com/turnstile/v0/siteverify", "https://challenges.cloudflare.com/turnstile/v0/api.js",
			"https://challenges.cloudflare.com",
		},
		"hcaptcha": {
			"https://api.hcaptcha.com/siteverify", "https://js.hcaptcha.com/1/api.js", "https://hcaptcha.com https://*.hcaptcha.com",
		},
	}
}

const (
	// maxToken bounds what is passed on, maxAnswer what is read.
	maxToken  = 8 << 10
	maxAnswer = 16 << 10
	// maxAsking bounds the questions under way; a token above it is not taken. It is not as if the
	// provider were down: anybody could bring that about.
	maxAsking = 256
)

// Verifier asks one provider. Make it with New; it may be used by many goroutines.
type Verifier struct {
	url, siteKey, secret string
	client               *http.Client
	asking               chan struct{}
}

// New makes a verifier: url is siteverify's, timeout bounds one question.
func New(url, siteKey, secret string, timeout time.Duration) *Verifier {
	return &Verifier{
		url: url, siteKey: siteKey, secret: secret, asking: make(chan struct{}, maxAsking),
		client: &http.Client{
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Close ends idle connections.
func (v *Verifier) Close() { v.client.CloseIdleConnections() }

// Verify says whether a token is good. An error says that the provider did not tell: it is down, or
// what it was asked with is wrong. It blocks for at most the timeout.
func (v *Verifier) Verify(ctx context.Context, token string, from netip.Addr) (good bool, err error) {
	if token == "" || len(token) > maxToken {
		return false, nil
	}
	select {
	case v.asking <- struct{}{}:
		defer func() { <-v.asking }()
	default:
		return false, nil
	}
	form := url.Values{"secret": {v.secret}, "response": {token}, "sitekey": {v.siteKey}}
	if from.IsValid() {
		form.Set("remoteip", from.String())
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url, strings.NewReader(form.Encode()))
	if err != nil {
		return false, fmt.Errorf("ask the provider: %w", err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := v.client.Do(q)
	if err != nil {
		return false, fmt.Errorf("ask the provider: %w", err)
	}
	defer a.Body.Close()
	return read(a)
}

// ours are the errors of those who ask, not of the visitor.
func ours() []string {
	return []string{"missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "bad-request", "internal-error"}
}

func read(a *http.Response) (good bool, err error) {
	// Both answer 200 also to what is wrong; some of their errors come with 400.
	if a.StatusCode != http.StatusOK && a.StatusCode != http.StatusBadRequest {
		return false, fmt.Errorf("the provider answers %d", a.StatusCode)
	}
	var said struct {
		Success *bool
		Codes   []string `json:"error-codes"`
	}
	if err := json.NewDecoder(io.LimitReader(a.Body, maxAnswer)).Decode(&said); err != nil || said.Success == nil {
		return false, errors.New("the provider's answer is not what it documents")
	}
	for _, code := range said.Codes {
		if !*said.Success && slices.Contains(ours(), code) {
			return false, fmt.Errorf("the provider says %s", code)
		}
	}
	return *said.Success, nil
}
