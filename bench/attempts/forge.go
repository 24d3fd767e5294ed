package attempts

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"waitroom/token"
)

var b64 = base64.RawURLEncoding

// signer signs what stands before a token's last dot.
type signer func(signed string) []byte

// jwt joins the parts of a token: head and claims as JSON, signed by sign.
func jwt(head, claims string, sign signer) string {
	signed := b64.EncodeToString([]byte(head)) + "." + b64.EncodeToString([]byte(claims))
	return signed + "." + b64.EncodeToString(sign(signed))
}

// nothing signs nothing.
func nothing(string) []byte { return nil }

// hs256 signs with a shared secret.
func hs256(secret []byte) signer {
	return func(signed string) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(signed))
		return m.Sum(nil)
	}
}

// stranger signs with a key that nobody knows, and gives its public half.
func stranger() (signer, ed25519.PublicKey) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic("BUG: make a key: " + err.Error())
	}
	return func(signed string) []byte { return ed25519.Sign(key, []byte(signed)) }, public
}

// foreignPass is a pass with these claims, signed by a stranger.
func foreignPass(claims string) string {
	sign, _ := stranger()
	text, _ := b64.DecodeString(claims)
	return jwt(`{"alg":"EdDSA","typ":"wr-pass+jwt","kid":"x"}`, string(text), sign)
}

// genuine is a visitor's pass, taken apart to be forged: its claims are changed to those
// of a device that was never let in, with an id that no pass has. So whatever a forged
// pass opens, it is the forgery that has opened it.
type genuine struct {
	// token is the pass as it was, real how its visitor shows it.
	token string
	real  []string
	// head and claims are JSON, kid names the key, and public is it.
	head, claims, kid, signature string
	public                       []byte
	// agent and device are what the forger shows else: the browser, the device's cookie.
	agent, device string
	// cookie is the name of the pass's cookie.
	cookie string
}

var (
	idClaim     = regexp.MustCompile(`"jti":"[^"]*"`)
	deviceClaim = regexp.MustCompile(`"dev":"[^"]*"`)
)

// takeApart takes a visitor with a pass and gives what is known of the pass.
func (s *Stage) takeApart() genuine {
	s.Helper()
	v := s.Insider()
	g := genuine{cookie: s.passCookie(v), agent: "User-Agent: " + v.Agent, real: shown(v)}
	g.token = v.Cookies[g.cookie]
	parts := strings.Split(g.token, ".")
	if len(parts) != 3 {
		s.Fatalf("the pass is no JWT")
	}
	head, _ := b64.DecodeString(parts[0])
	claims, _ := b64.DecodeString(parts[1])
	cookie, id := token.NewDeviceID(), [16]byte{}
	_, _ = rand.Read(id[:]) // never fails
	forger, _ := token.DeviceOf(cookie[:], nil, nil)
	text := idClaim.ReplaceAllString(string(claims), `"jti":"`+b64.EncodeToString(id[:])+`"`)
	g.claims = deviceClaim.ReplaceAllString(text, `"dev":"`+b64.EncodeToString(forger.ID[:])+`"`)
	g.device = strings.TrimSuffix(g.cookie, "pass-"+s.Room) + "device=" + string(cookie[:])
	g.head, g.signature = string(head), parts[2]
	var h struct{ Kid string }
	_ = json.Unmarshal(head, &h)
	g.kid = h.Kid
	g.public = s.publicKey(g.kid)
	return g
}

// publicKey asks the gateway for a key that it publishes.
func (s *Stage) publicKey(kid string) []byte {
	s.Helper()
	v := s.Stranger()
	q, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.URL+"/.waitroom/jwks.json", nil)
	if err != nil {
		s.Fatal(err)
	}
	a, err := v.Do(q)
	var set struct{ Keys []struct{ Kid, X string } }
	if err != nil || json.Unmarshal([]byte(a.Body), &set) != nil {
		s.Fatalf("the public keys: %d %v", a.Status, err)
	}
	for _, k := range set.Keys {
		if k.Kid == kid {
			raw, _ := b64.DecodeString(k.X)
			return raw
		}
	}
	s.Fatalf("the key %s of a pass is not among those published", kid)
	return nil
}

// spki is a public key as PEM.
func spki(public []byte) []byte {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(public))
	if err != nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// signers are the gateway's own secret keys of a kind, pass or ticket, by kid. Only the
// run's own gateway gives them away.
func (s *Stage) signers(kind string) map[string]signer {
	s.Helper()
	files, _ := filepath.Glob(filepath.Join(s.Gateways[0].Dir, "keys", kind+"-*.key"))
	all := map[string]signer{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			s.Fatal(err)
		}
		_, secret, _ := strings.Cut(string(text), "secret: ")
		raw, err := b64.DecodeString(strings.TrimSpace(secret))
		if err != nil || len(raw) != 32 {
			s.Fatalf("%s holds no key", file)
		}
		kid := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), kind+"-"), ".key")
		all[kid] = hs256(raw)
		if kind == "pass" {
			key := ed25519.NewKeyFromSeed(raw)
			all[kid] = func(signed string) []byte { return ed25519.Sign(key, []byte(signed)) }
		}
	}
	if len(all) == 0 {
		s.Fatalf("the gateway's keys are not in %s", s.Gateways[0].Dir)
	}
	return all
}

// show are the ways of showing a token as a pass: as the cookie with all else as it
// should be, as the cookie alone, and as an app does.
func (g *genuine) show(name, token string) []Shot {
	ways := map[string][]string{
		"as a cookie":   {g.agent, "Cookie: " + g.device + "; " + g.cookie + "=" + token},
		"alone":         {g.agent, "Cookie: " + g.cookie + "=" + token},
		"as an app's":   {"Waitroom-Pass: " + token},
		"as a bearer's": {"Authorization: Bearer " + token},
	}
	var shots []Shot
	for way, fields := range ways {
		shots = append(shots, Shot{Name: fmt.Sprintf("%s, %s", name, way), Text: get("{page}?{mark}", fields...)})
	}
	return shots
}
