package token

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vector is one row of testdata/vectors: how a token is made, and the answer to it. What is left out is as in a sound token.
// In all texts {{name}} is filled in, and {{name:how}} is it bent in some way, see bend.
type vector struct {
	Name, Why string
	Kind      string      // ticket, pass, or both: shown as which
	Header    *string     // JSON
	Header64  string      // the encoded header
	Claims    string      // "ticket" or "pass": of which kind the claims are
	RawClaims *string     // JSON
	Replace   [][2]string // in the claims; the first must occur
	Claims64  string      // the encoded claims
	Sign      string      // see signature
	Signed    string      // header that the signature is over, where another is shown
	Tamper    []string    // in the claims, after signing
	Token     *string     // the whole
	Room      string      // where it is shown
	At        int64       // microseconds after noon
	Expect    string
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	names, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(names) < 6 {
		t.Fatalf("vectors are missing: %v, %v", names, err)
	}
	var all []vector
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var vectors []vector
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&vectors); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, v := range vectors {
			v.Name = strings.TrimSuffix(filepath.Base(name), ".json") + ": " + v.Name
			if v.Kind != "both" {
				all = append(all, v)
				continue
			}
			for _, kind := range []string{"ticket", "pass"} {
				v.Kind = kind
				all = append(all, v)
			}
		}
	}
	return all
}

// forge makes the token of a vector.
func (v vector) forge(t testing.TB, keys *Keys) string {
	t.Helper()
	vars := v.vars(t, keys)
	header := `{"alg":"{{alg}}","typ":"{{typ}}","kid":"{{kid}}"}`
	if v.Header != nil {
		header = *v.Header
	}
	vars["rawheader"] = fill(t, header, vars)
	vars["rawclaims"] = v.claims(t, vars)
	vars["header"] = strict.EncodeToString([]byte(vars["rawheader"]))
	vars["claims"] = strict.EncodeToString([]byte(vars["rawclaims"]))
	if v.Header64 != "" {
		vars["header"] = fill(t, v.Header64, vars)
	}
	if v.Claims64 != "" {
		vars["claims"] = fill(t, v.Claims64, vars)
	}
	signed := vars["header"]
	if v.Signed != "" {
		signed = strict.EncodeToString([]byte(fill(t, v.Signed, vars)))
	}
	vars["signature"] = v.signature(t, keys, signed+"."+vars["claims"])
	if v.Tamper != nil {
		changed := replaced(t, vars["rawclaims"], v.Tamper[0], v.Tamper[1])
		vars["claims"] = strict.EncodeToString([]byte(changed))
	}
	if v.Token != nil {
		return fill(t, *v.Token, vars)
	}
	return fill(t, "{{header}}.{{claims}}.{{signature}}", vars)
}

func (v vector) vars(t testing.TB, keys *Keys) map[string]string {
	t.Helper()
	ticketKid, passKid := keys.SigningKeys()
	vars := map[string]string{
		"ticketkid": ticketKid, "passkid": passKid, "dots": strings.Repeat(".", 1<<20),
		"strangerx": strict.EncodeToString(strangerKey().Public().(ed25519.PublicKey)),
		"dev":       "S_kklurz10MoYQZR7Pu6_Q", "brw": "mdktv7diK4U",
	}
	switch v.Kind {
	case "ticket":
		old := testKeyFile(kindTicket, "old", testPassTime)
		vars["alg"], vars["typ"], vars["kid"], vars["oldkid"] = "HS256", "wr-ticket+jwt", ticketKid, old.kid
		vars["exp"], vars["jti"] = "1628767800", "BwcHBwcHBwcHBwcH"
	case "pass":
		old := testKeyFile(kindPass, "old", testPassTime)
		vars["alg"], vars["typ"], vars["kid"], vars["oldkid"] = "EdDSA", "wr-pass+jwt", passKid, old.kid
		vars["exp"], vars["jti"] = "1628766300", "BwcHBwcHBwcHBwcHotosAA"
	default:
		t.Fatalf("%s: kind %q", v.Name, v.Kind)
	}
	return vars
}

func (v vector) claims(t testing.TB, vars map[string]string) string {
	t.Helper()
	if v.RawClaims != nil {
		return fill(t, *v.RawClaims, vars)
	}
	ticket, pass := testTicket(t), testPass(t)
	claims := string(ticket.appendClaims(nil))
	if v.Claims == "pass" || v.Claims == "" && v.Kind == "pass" {
		claims = string(pass.appendClaims(nil))
	}
	for _, r := range v.Replace {
		claims = replaced(t, claims, fill(t, r[0], vars), fill(t, r[1], vars))
	}
	return claims
}

func replaced(t testing.TB, text, old, with string) string {
	t.Helper()
	i := strings.Index(text, old)
	if i < 0 {
		t.Fatalf("the vector's %q does not occur in %s", old, text)
	}
	return text[:i] + with + text[i+len(old):]
}

// signature signs as the vector says.
func (v vector) signature(t testing.TB, keys *Keys, signed string) string {
	t.Helper()
	hs := func(key []byte) string {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(signed))
		return strict.EncodeToString(m.Sum(nil))
	}
	ed := func(key ed25519.PrivateKey) string { return strict.EncodeToString(ed25519.Sign(key, []byte(signed))) }
	public := keys.pass.public
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	ticketNow, ticketOld := testKeyFile(kindTicket, "now", testPassTime), testKeyFile(kindTicket, "old", testPassTime)
	passOld := testKeyFile(kindPass, "old", testPassTime)
	method := v.Sign
	if method == "" || method == "right" {
		method = v.Kind
	}
	switch method + "/" + v.Kind {
	case "old/ticket":
		return hs(ticketOld.secret[:])
	case "old/pass":
		return ed(ed25519.NewKeyFromSeed(passOld.secret[:]))
	case "stranger/ticket":
		return hs([]byte("a stranger's secret"))
	case "stranger/pass":
		return ed(strangerKey())
	case "zeros/ticket":
		return strict.EncodeToString(make([]byte, 32))
	case "zeros/pass":
		return strict.EncodeToString(make([]byte, 64))
	}
	switch method {
	case "ticket":
		return hs(ticketNow.secret[:])
	case "pass":
		return ed(keys.pass.private)
	case "none":
		return ""
	case "hmac-empty":
		return hs(nil)
	case "hmac-public":
		return hs(public)
	case "hmac-x":
		return hs([]byte(strict.EncodeToString(public)))
	case "hmac-jwks":
		return hs(keys.JWKS())
	case "hmac-der":
		return hs(der)
	case "hmac-pem":
		return hs(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	t.Fatalf("%s: sign %q", v.Name, v.Sign)
	return ""
}

// fill replaces {{name}} and {{name:how}}.
func fill(t testing.TB, text string, vars map[string]string) string {
	t.Helper()
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, _ := strings.Cut(rest, "}}")
		name, how, _ := strings.Cut(name, ":")
		value, ok := vars[name]
		if !ok {
			t.Fatalf("a vector asks for %q", name)
		}
		out.WriteString(bend(t, value, how))
		text = after
	}
}

// bend gives other spellings of base64url text.
func bend(t testing.TB, text, how string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	switch how {
	case "":
		return text
	case "stray": // the same bytes, other unused bits
		last := strings.IndexByte(alphabet, text[len(text)-1])
		bent := text[:len(text)-1] + string(alphabet[last^1])
		a, errA := base64.RawURLEncoding.DecodeString(text)
		b, errB := base64.RawURLEncoding.DecodeString(bent)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Fatalf("%q has no unused bits", text)
		}
		return bent
	case "plus":
		return "+" + text[1:]
	case "broken":
		return text[:4] + "\r\n" + text[4:]
	case "short":
		return text[:len(text)-4]
	case "odd":
		return text + strings.Repeat("A", (5-len(text)%4)%4)
	case "oversized":
		return text + strings.Repeat("A", MaxLength)
	case "full": // leaves room for header and claims of about 500 bytes
		return text + strings.Repeat("A", 1300)
	case "plus-order":
		return plusOrder(t, text)
	}
	t.Fatalf("bend %q", how)
	return ""
}

// plusOrder adds the order of the group to the second half of an Ed25519 signature.
func plusOrder(t testing.TB, text string) string {
	t.Helper()
	sig, err := strict.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(sig[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	return strict.EncodeToString(append(sig[:32], sum...))
}

func strangerKey() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("a stranger's key"))
	return ed25519.NewKeyFromSeed(seed[:])
}

func TestEachVectorGetsItsAnswer(t *testing.T) {
	answers := map[string]error{
		"ok": nil, "malformed": ErrMalformed, "signature": ErrSignature,
		"expired": ErrExpired, "notyet": ErrNotYet, "foreign": ErrForeign,
	}
	keys := testKeys(t)
	for _, v := range readVectors(t) {
		t.Run(v.Kind+"/"+v.Name, func(t *testing.T) {
			want, known := answers[v.Expect]
			if !known || v.Why == "" {
				t.Fatalf("expects %q, because %q", v.Expect, v.Why)
			}
			raw := v.forge(t, keys)
			room := v.Room
			if room == "" {
				room = "booking"
			}
			for range 2 { // what is remembered changes no answer
				err := read(keys, v.Kind, []byte(raw), room, noon+v.At)
				if !errors.Is(err, want) {
					t.Fatalf("%v, want %v\n%s", err, want, raw[:min(len(raw), 2*MaxLength)])
				}
				if err == nil {
					acceptedByOthers(t, keys, v.Kind, raw, room, noon+v.At)
				}
			}
		})
	}
}

// read reads as one of the kinds.
func read(keys *Keys, kind string, raw []byte, room string, now int64) error {
	if kind == "ticket" {
		_, err := keys.ReadTicket(raw, room, now)
		return err
	}
	_, err := keys.ReadPass(raw, room, now)
	return err
}
