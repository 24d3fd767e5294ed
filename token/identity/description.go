package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// description is what a provider says of itself (OpenID Connect Discovery 1.0), as far as it is believed.
type description struct {
	endpoint oauth2.Endpoint
	jwks     string
	userinfo string
	tellsIss bool // RFC 9207: its answers carry iss
}

// published is the description as it is published. Algorithms are not read: they are configured.
type published struct {
	Issuer     string   `json:"issuer"`
	Authorize  string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
	UserInfo   string   `json:"userinfo_endpoint"`
	JWKS       string   `json:"jwks_uri"`
	Iss        bool     `json:"authorization_response_iss_parameter_supported"`
	Methods    []string `json:"token_endpoint_auth_methods_supported"`
	Challenges []string `json:"code_challenge_methods_supported"`
}

// describe fetches the description. The issuer in it has to be the one that is configured.
func describe(ctx context.Context, client *http.Client, issuer string) (*description, error) {
	body, err := getJSON(ctx, client, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", "")
	if err != nil {
		return nil, fmt.Errorf("its description: %w", reason(err))
	}
	var says published
	if json.Unmarshal(body, &says) != nil {
		return nil, errors.New("its description is not what the protocol says")
	}
	if says.Issuer != issuer {
		return nil, errors.New("its description is of another issuer")
	}
	if err := says.check(); err != nil {
		return nil, fmt.Errorf("its description: %w", err)
	}
	// RFC 8414: where nothing is said it is client_secret_basic. Trying both ways would spend the code.
	style := oauth2.AuthStyleInHeader
	if len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	return &description{
		endpoint: oauth2.Endpoint{AuthURL: says.Authorize, TokenURL: says.Token, AuthStyle: style},
		jwks:     says.JWKS, userinfo: says.UserInfo, tellsIss: says.Iss,
	}, nil
}

// check looks at the addresses. They may be on other hosts than the issuer, as those of large providers are; but a bare IP address or
// http has to be the issuer's, so that no description points into our own network.
func (p *published) check() error {
	if len(p.Challenges) > 0 && !slices.Contains(p.Challenges, "S256") {
		return errors.New("it has no PKCE with S256 (RFC 7636)")
	}
	home, err := url.Parse(p.Issuer)
	if err != nil {
		return errors.New("its issuer is no address")
	}
	for _, e := range []struct{ name, address string }{
		{"authorization_endpoint", p.Authorize}, {"token_endpoint", p.Token}, {"jwks_uri", p.JWKS}, {"userinfo_endpoint", p.UserInfo},
	} {
		if e.name == "userinfo_endpoint" && e.address == "" {
			continue
		}
		if err := checkAddress(e.address); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		there, _ := url.Parse(e.address)
		_, noName := netip.ParseAddr(there.Hostname())
		if (noName == nil || there.Scheme == "http") && there.Hostname() != home.Hostname() {
			return fmt.Errorf("%s: a bare IP address, or http, and not the issuer's", e.name)
		}
	}
	return nil
}
