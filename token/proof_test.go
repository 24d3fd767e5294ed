package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// holder is somebody who holds a P-256 key, the same in every run.
type holder struct {
	key  *ecdsa.PrivateKey
	x, y string
}

func testHolder(t testing.TB, seed string) holder {
	t.Helper()
	scalar := sha256.Sum256([]byte("test holder " + seed))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return holder{key, strict.EncodeToString(point[1:33]), strict.EncodeToString(point[33:])}
}

func (h holder) jwk() string { return `{"kty":"EC","crv":"P-256","x":"` + h.x + `","y":"` + h.y + `"}` }

func (h holder) sign(t testing.TB, signed string) []byte {
	t.Helper()
	sig, err := jwt.SigningMethodES256.Sign(signed, h.key)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// prove makes a sound proof for c.
func (h holder) prove(t testing.TB, c *Call, nonce string) string {
	t.Helper()
	claims := `{"htm":"` + c.Method + `","htu":"https://` + string(c.Authority) + string(c.Path) + `","nonce":"` + nonce + `"`
	if len(c.Token) > 0 {
		ath := Ath(c.Token)
		claims += `,"ath":"` + string(ath[:]) + `"`
	}
	signed := strict.EncodeToString([]byte(`{"typ":"waitroom-proof+jwt","alg":"ES256","jwk":`+h.jwk()+`}`)) + "." +
		strict.EncodeToString([]byte(claims+"}"))
	return signed + "." + strict.EncodeToString(h.sign(t, signed))
}

func testCall() *Call {
	return &Call{
		Method: "POST", Authority: []byte("www.example.kr"), Path: []byte("/.waitroom/booking/enter"), Room: "booking",
		Token: []byte("a ticket"),
	}
}

// proofVector is one row of testdata/proofs.json: what is left out is as in a sound proof.
type proofVector struct {
	Name, Why, Expect string
	Header, Claims    string  // JSON
	Sign              string  // see signature
	Token             *string // the whole
	Plain, Bare       bool    // the call: perhaps by plain http; with no ticket
	At                int64   // when it is read: microseconds after the nonce was made
}

func (v proofVector) forge(t testing.TB, keys *Keys, c *Call) string {
	t.Helper()
	h := testHolder(t, "honest")
	ath, other := Ath(testCall().Token), Ath([]byte("another ticket"))
	nonce := string(keys.AppendNonce(nil, "booking", noon))
	late := []byte(nonce)
	late[6]++
	vars := map[string]string{
		"x": h.x, "y": h.y, "jwk": h.jwk(), "htu": "https://www.example.kr/.waitroom/booking/enter", "ath": string(ath[:]),
		"otherath": string(other[:]), "nonce": nonce, "othernonce": string(keys.AppendNonce(nil, "other", noon)), "latenonce": string(late),
	}
	header, claims := v.Header, v.Claims
	if header == "" {
		header = `{"typ":"waitroom-proof+jwt","alg":"ES256","jwk":{{jwk}}}`
	}
	if claims == "" {
		claims = `{"htm":"POST","htu":"{{htu}}","nonce":"{{nonce}}","ath":"{{ath}}"}`
	}
	vars["head"] = strict.EncodeToString([]byte(fill(t, header, vars)))
	vars["body"] = strict.EncodeToString([]byte(fill(t, claims, vars)))
	vars["signature"] = strict.EncodeToString(v.signature(t, h, vars["head"]+"."+vars["body"]))
	if v.Token != nil {
		return fill(t, *v.Token, vars)
	}
	return fill(t, "{{head}}.{{body}}.{{signature}}", vars)
}

func (v proofVector) signature(t testing.TB, h holder, signed string) []byte {
	t.Helper()
	switch v.Sign {
	case "":
		return h.sign(t, signed)
	case "stranger":
		return testHolder(t, "stranger").sign(t, signed)
	case "before":
		return h.sign(t, signed+"A")
	case "zeros":
		return make([]byte, 64)
	case "order":
		n := elliptic.P256().Params().N.Bytes()
		return append(n, n...)
	case "der":
		sum := sha256.Sum256([]byte(signed))
		sig, err := ecdsa.SignASN1(rand.Reader, h.key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	case "none":
		return nil
	case "hmac":
		m := hmac.New(sha256.New, []byte(h.jwk()))
		m.Write([]byte(signed))
		return m.Sum(nil)
	}
	t.Fatalf("%s: sign %q", v.Name, v.Sign)
	return nil
}

func TestEachProofGetsItsAnswer(t *testing.T) {
	answers := map[string]error{
		"ok": nil, "malformed": ErrMalformed, "signature": ErrSignature, "expired": ErrExpired, "foreign": ErrForeign,
	}
	text, err := os.ReadFile("testdata/proofs.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []proofVector
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&vectors); err != nil {
		t.Fatal(err)
	}
	keys := testKeys(t)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			want, known := answers[v.Expect]
			if !known || v.Why == "" {
				t.Fatalf("expects %q, because %q", v.Expect, v.Why)
			}
			c := testCall()
			if c.Plain = v.Plain; v.Bare {
				c.Token = nil
			}
			raw := v.forge(t, keys, c)
			p, err := keys.ReadProof([]byte(raw), c, noon+v.At)
			if !errors.Is(err, want) {
				t.Fatalf("%v, want %v\n%s", err, want, raw[:min(len(raw), maxProof)])
			}
			if err != nil && p != (Proof{}) {
				t.Fatalf("a proof with an error: %v", err)
			}
			if err == nil {
				provedToOthers(t, raw, p)
			}
		})
	}
}

// provedToOthers fails unless golang-jwt's parser accepts the proof with the key in it, and that key has the thumbprint.
func provedToOthers(t testing.TB, raw string, p Proof) {
	t.Helper()
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{"ES256"}))
	_, err := parser.Parse(raw, func(token *jwt.Token) (any, error) {
		jwk, _ := token.Header["jwk"].(map[string]any)
		x, _ := strict.DecodeString(jwk["x"].(string))
		y, _ := strict.DecodeString(jwk["y"].(string))
		canonical, err := json.Marshal(jwk) // sorts the members
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(canonical); sum != p.Key {
			t.Fatalf("thumbprint %x, want %x of %s", p.Key, sum, canonical)
		}
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	})
	if err != nil {
		t.Fatalf("golang-jwt refuses what we accept: %v\n%s", err, raw)
	}
}

func TestAProofHasOneNameWhateverItsSignatureIsSpelledLike(t *testing.T) {
	keys, h, c := testKeys(t), testHolder(t, "honest"), testCall()
	raw := h.prove(t, c, string(keys.AppendNonce(nil, c.Room, noon)))
	first, err := keys.ReadProof([]byte(raw), c, noon)
	if err != nil {
		t.Fatal(err)
	}
	// (r, n-s) is a signature, too, where (r, s) is one.
	sig, _ := strict.DecodeString(raw[len(raw)-86:])
	s := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(sig[32:]))
	s.FillBytes(sig[32:])
	twin := raw[:len(raw)-86] + strict.EncodeToString(sig)
	second, err := keys.ReadProof([]byte(twin), c, noon)
	if err != nil || twin == raw {
		t.Fatalf("the twin is no signature: %v", err)
	}
	if first.Once != second.Once {
		t.Fatal("the twin of a used proof would be taken once more")
	}
	again, err := keys.ReadProof([]byte(h.prove(t, c, string(keys.AppendNonce(nil, c.Room, noon)))), c, noon)
	if err != nil || again.Once == first.Once {
		t.Fatalf("another proof has the same name: %v", err)
	}
}

func TestNoTwoNoncesAreTheSame(t *testing.T) {
	keys, seen := testKeys(t), map[string]bool{}
	for range 1000 {
		seen[string(keys.AppendNonce(nil, "booking", noon))] = true
	}
	if len(seen) != 1000 {
		t.Fatalf("%d nonces of 1000", len(seen))
	}
}

// FuzzReadProof: whatever is accepted, golang-jwt accepts, too, and the key is the one that signed.
func FuzzReadProof(f *testing.F) {
	keys := testKeys(f)
	h := testHolder(f, "honest")
	nonce := string(keys.AppendNonce(nil, "booking", noon))
	f.Add(`{"typ":"waitroom-proof+jwt","alg":"ES256","jwk":JWK}`, `{"htm":"POST","htu":"https://www.example.kr/.waitroom/booking/enter","nonce":"NONCE","ath":"ATH"}`, "", true)
	f.Add(`{"alg":"ES256","jwk":JWK,"typ":"waitroom-proof+jwt"}`, `{"nonce":"NONCE","htm":"POST","ath":"ATH","htu":"https://www.example.kr/.waitroom/booking/enter"}`, "", true)
	f.Add(`{"typ":"waitroom-proof+jwt","alg":"none","jwk":JWK}`, `{"htm":"POST","htm":"POST"}`, "AAAA", false)
	f.Add(`{"typ":"waitroom-proof+jwt","alg":"ES256","jwk":{}}`, `{}`, "", true)
	f.Add("", "", "", false)
	ath := Ath(testCall().Token)
	f.Fuzz(func(t *testing.T, header, claims, signature string, sign bool) {
		names := [][2]string{{"JWK", h.jwk()}, {"NONCE", nonce}, {"ATH", string(ath[:])}}
		for _, n := range names {
			header = string(bytes.ReplaceAll([]byte(header), []byte(n[0]), []byte(n[1])))
			claims = string(bytes.ReplaceAll([]byte(claims), []byte(n[0]), []byte(n[1])))
		}
		signed := strict.EncodeToString([]byte(header)) + "." + strict.EncodeToString([]byte(claims))
		raw := signed + "." + signature
		if sign {
			raw = signed + "." + strict.EncodeToString(h.sign(t, signed))
		}
		p, err := keys.ReadProof([]byte(raw), testCall(), noon)
		switch {
		case err != nil && p != (Proof{}):
			t.Fatalf("a proof with an error: %v", err)
		case err == nil:
			provedToOthers(t, raw, p)
		}
	})
}

func TestAProofIsForOneHostAndPortHoweverTheyAreWritten(t *testing.T) {
	f := func(htu, authority string, good bool) {
		t.Helper()
		c := Call{Plain: true, Authority: []byte(authority), Path: []byte("/.waitroom/booking/enter")}
		if got := c.at([]byte(htu + "/.waitroom/booking/enter")); got != good {
			t.Errorf("a proof for %s at %s: %t", htu, authority, got)
		}
	}
	f("https://a.kr", "a.kr", true)
	f("https://A.KR", "a.kr", true)
	f("https://a.kr.", "a.kr", true)
	f("https://a.kr.:8443", "a.kr:8443", true)
	f("https://a.kr", "a.kr:443", true)
	f("http://a.kr", "a.kr:80", true)
	f("https://[2001:db8::1]", "[2001:db8::1]:443", true)
	f("https://a.kr", "a.kr:80", false)
	f("http://a.kr", "a.kr:443", false)
	f("https://a.kr:8443", "a.kr", false)
	f("https://a.kr", "a.kr:8443", false)
	f("https://a.kr/x", "a.kr", false)
	f("https://b.kr", "a.kr", false)
	f("https://", "a.kr", false)
	f("https://.", "", false)
	f("ftp://a.kr", "a.kr", false)
}
