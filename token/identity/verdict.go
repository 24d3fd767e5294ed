package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// skew is how far a provider's clock may be from ours.
const skew = time.Minute

// maxToken and maxCode bound what comes with a browser, or in an answer.
const (
	maxToken = 16 << 10
	maxCode  = 2 << 10
)

func forged(why string) *Refusal { return &Refusal{Forged, errors.New(why)} }

// spell writes what a flow has at random as it stands in addresses and tokens.
func spell(random [16]byte) string { return base64.RawURLEncoding.EncodeToString(random[:]) }

// sameText compares in a time that does not tell how much is alike.
func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// checkBack says whether an answer belongs to the flow: it is the provider's, of this device, in time. What the answer says is not
// looked at before.
func checkBack(c *Config, f Flow, b Back) *Refusal {
	age := time.Duration(b.Now.UnixMicro()-f.Begun) * time.Microsecond
	switch {
	case f.Provider != c.Name:
		return &Refusal{Mismatch, errors.New("it was begun with another provider")}
	case f.Device != b.Device:
		return &Refusal{Replayed, errors.New("it was begun on another device")}
	case age > Life || age < -skew:
		return &Refusal{Replayed, errors.New("it was begun too long ago")}
	case !f.Of(b.State):
		return &Refusal{Replayed, errors.New("the state is not the one that it was begun with")}
	}
	return nil
}

// ErrSaid is in a Refusal for what came as an error of the provider's page. A visitor may have made it up, so it proves nothing.
var ErrSaid = errors.New("the provider's page")

// checkError says what an error of the provider's page means.
func checkError(said string) *Refusal {
	switch said {
	case "":
		return nil
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		return &Refusal{Canceled, errors.New("the provider's page: " + said)}
	case "server_error", "temporarily_unavailable", "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope":
		return &Refusal{Unavailable, fmt.Errorf("%w: %s", ErrSaid, said)}
	}
	return &Refusal{Unavailable, fmt.Errorf("%w tells an error that no standard has", ErrSaid)}
}

// checkForm refuses what is no compact JWT, or is signed in a way that is not configured, before anything else looks at it.
func checkForm(raw string, algorithms []string) *Refusal {
	head, _, _ := strings.Cut(raw, ".")
	if len(raw) > maxToken || strings.Count(raw, ".") != 2 {
		return forged("the token is not a compact JWT, or has more than 16 KB")
	}
	var h struct {
		Alg *string `json:"alg"`
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(head)
	if err != nil || json.Unmarshal(text, &h) != nil || h.Alg == nil {
		return forged("the token is not a compact JWT, or has more than 16 KB")
	}
	if !slices.Contains(algorithms, *h.Alg) {
		return forged("the token is signed with an algorithm that is not configured")
	}
	return nil
}

// claimed is what a token says for itself beside what every verifier knows. What is not there is 0.
type claimed struct {
	Expires   float64 `json:"exp"`
	Issued    float64 `json:"iat"`
	NotBefore float64 `json:"nbf"`
	Azp       string  `json:"azp"`
	ID        string  `json:"jti"`
	answers   answers
}

// verdict is what a token, the signature of which is good, is judged by.
type verdict struct {
	issuer, audience, nonce string
	now                     time.Time
}

// judge refuses a token that is another's, or of another time.
func (v verdict) judge(t *oidc.IDToken) (c claimed, refusal *Refusal) {
	var body json.RawMessage
	err := t.Claims(&body)
	if err == nil {
		c.answers, err = readAnswers(body)
	}
	if err != nil || json.Unmarshal(body, &c) != nil {
		return c, forged("the token is not what the protocol says")
	}
	now, slack := float64(v.now.UnixMicro())/1e6, skew.Seconds()
	why := ""
	switch {
	case t.Issuer != v.issuer:
		why = "the token is from another issuer"
	case !slices.Contains(t.Audience, v.audience):
		why = "the token is for another audience"
	case len(t.Audience) > 1 && c.Azp == "":
		why = "the token is for several audiences, and does not say who asked for it"
	case c.Azp != "" && c.Azp != v.audience:
		why = "another client has asked for the token"
	case !sameText(t.Nonce, v.nonce):
		why = "the token's nonce is not the one that it was begun with"
	case t.Subject == "" || len(t.Subject) > 255:
		why = "the token has no subject, or one of more than 255 bytes"
	case c.Expires == 0 || c.Issued == 0:
		why = "the token does not say when it was issued, and until when it is good"
	case c.Expires <= now-slack:
		why = "the token is over"
	case c.Issued > now+slack || c.NotBefore > now+slack:
		why = "the token is from the future"
	default:
		return c, nil
	}
	return c, forged(why)
}

// newFlow begins a flow.
func newFlow(provider string, s Start) Flow {
	f := Flow{
		Room: s.Room, Provider: provider, Device: s.Device,
		Return: s.Return, Invite: s.Invite, Redirect: s.Redirect, Begun: s.Now.UnixMicro(),
	}
	_, _ = rand.Read(f.State[:]) // never fails
	_, _ = rand.Read(f.Nonce[:])
	return f
}
