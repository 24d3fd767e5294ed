package identity

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// verify asks the provider for an ID token, and for the profile where that is needed.
func (o *openID) verify(ctx context.Context, f Flow, b Back, redirect string) (Person, error) {
	d, err := o.description(ctx)
	if err != nil {
		return Person{}, err
	}
	if d.tellsIss && b.Issuer == "" {
		return Person{}, &Refusal{Mismatch, errors.New("the answer does not say which issuer it is from, and this one's do (RFC 9207)")}
	}
	token, err := o.oauth(d, redirect).Exchange(oidc.ClientContext(ctx, o.client), b.Code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Person{}, refusedCode(err)
	}
	if !strings.EqualFold(token.Type(), "Bearer") {
		return Person{}, forged("the access token is of another type than Bearer")
	}
	id, err := o.idToken(ctx, token, spell(f.Nonce), b)
	if err != nil {
		return Person{}, err
	}
	have := map[string]string{"iss": o.c.Issuer, "sub": id.text("sub")}
	o.c.gather(have, id)
	if address := or(o.c.Profile, d.userinfo); address != "" && !o.c.enough(have) {
		profile, err := o.profile(ctx, address, token.AccessToken, have["sub"])
		if err != nil {
			return Person{}, err
		}
		o.c.gather(have, profile)
	}
	return o.c.person(have, b)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// refusedCode says why there is no token for the code.
func refusedCode(err error) *Refusal {
	var said *oauth2.RetrieveError
	if errors.As(err, &said) && (said.ErrorCode == "invalid_grant" || said.ErrorCode == "invalid_request") {
		// Of the two texts that OAuth has for it the second is Naver's.
		return &Refusal{Replayed, errors.New("the provider does not know the code: it was used, is over, or is of another flow")}
	}
	return &Refusal{Unavailable, reason(err)}
}

// idToken gives the claims of the ID token, all of it verified.
func (o *openID) idToken(ctx context.Context, token *oauth2.Token, nonce string, b Back) (answers, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, forged("the answer has no ID token: is OpenID Connect on for this client at the provider?")
	}
	id, err := verifyToken(ctx, &o.keys, o.c, raw)
	if err != nil {
		return nil, err
	}
	claims, refusal := verdict{o.c.Issuer, o.c.ClientID, nonce, b.Now}.judge(id)
	if refusal != nil {
		return nil, refusal
	}
	if id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil {
		return nil, forged("the ID token is of another access token (at_hash)")
	}
	return claims.answers, nil
}

// witness keeps what went wrong with keys: the verifier makes text of it.
type witness struct {
	oidc.KeySet
	err error
}

// VerifySignature is the key set's.
func (w *witness) VerifySignature(ctx context.Context, raw string) (payload []byte, err error) {
	payload, w.err = w.KeySet.VerifySignature(ctx, raw)
	return payload, w.err
}

// verifyToken looks at a token's form and signature. Who and when is the verdict's, which names what is wrong and quotes nothing.
func verifyToken(ctx context.Context, keys oidc.KeySet, c *Config, raw string) (*oidc.IDToken, error) {
	if refusal := checkForm(raw, c.Algorithms); refusal != nil {
		return nil, refusal
	}
	w := &witness{KeySet: keys}
	id, err := oidc.NewVerifier(c.Issuer, w, &oidc.Config{
		SupportedSigningAlgs: c.Algorithms, SkipIssuerCheck: true, SkipClientIDCheck: true, SkipExpiryCheck: true,
	}).Verify(ctx, raw)
	switch {
	case w.err != nil && !errors.Is(w.err, errSignature):
		return nil, &Refusal{Unavailable, w.err}
	case w.err != nil:
		return nil, forged("no key of the provider's has signed the token")
	case err != nil:
		return nil, forged("the token is not what the protocol says")
	}
	return id, nil
}

// profile gives the claims of the profile, which has to be of the person that the ID token names.
func (o *openID) profile(ctx context.Context, address, bearer, subject string) (answers, error) {
	body, err := getJSON(ctx, o.client, address, bearer)
	var status statusError
	switch {
	case errors.As(err, &status) && status == http.StatusForbidden:
		return nil, &Refusal{Incomplete, errors.New("the provider does not give the profile: the person did not consent, or the client may not have it")}
	case err != nil:
		return nil, &Refusal{Unavailable, reason(err)}
	}
	all, err := readAnswers(body)
	if err != nil {
		return nil, &Refusal{Unavailable, err}
	}
	claims, sub := unfold(o.c.Type, all)
	if claims == nil || sub == "" && o.c.Type == "oidc" {
		return nil, &Refusal{Unavailable, errors.New("the profile is not what the protocol says")}
	}
	if sub != "" && sub != subject {
		return nil, forged("the profile is of another person than the ID token")
	}
	return claims, nil
}

// unfold gives the claims of a profile, which lie within it for some, and whose it says it is: "" where it does not say.
func unfold(kind string, all answers) (claims answers, sub string) {
	switch kind {
	case "naver":
		// The id within it is not said to be the ID token's sub anywhere.
		if code := all.text("resultcode"); code != "" && code != "00" {
			return nil, ""
		}
		claims = all.within("response")
		return claims, claims.text("sub")
	case "kakao":
		sub = or(all.text("sub"), all.text("id"))
		if within := all.within("kakao_account"); within != nil {
			for name, value := range within {
				all[name] = value
			}
		}
		return all, sub
	}
	return all, all.text("sub")
}
