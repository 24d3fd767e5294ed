package attempts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"

	"waitroom/bench/gateway"
	"waitroom/token"
)

// noKeys is why proofs are not tried.
const noKeys = "this gateway asks for no keys of devices"

// signature says how a proof is made; the zero values are the right ones.
type signature struct{ method, call, nonce, shown, alg, typ string }

// prove makes a proof as the waiting page's script does.
func (s *Stage) prove(key *ecdsa.PrivateKey, base string, as signature) string {
	s.Helper()
	point, err := key.PublicKey.Bytes()
	if err != nil {
		s.Fatal(err)
	}
	claims := map[string]string{"htm": as.method, "htu": base + as.call, "nonce": as.nonce}
	if as.shown != "" {
		ath := token.Ath([]byte(as.shown))
		claims["ath"] = string(ath[:])
	}
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			s.Fatal(err)
		}
		return b64.EncodeToString(b)
	}
	signed := text(map[string]any{"typ": as.typ, "alg": as.alg, "jwk": map[string]string{
		"kty": "EC", "crv": "P-256", "x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:]),
	}}) + "." + text(claims)
	sum := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		s.Fatal(err)
	}
	return signed + "." + b64.EncodeToString(append(r.FillBytes(make([]byte, 32)), t.FillBytes(make([]byte, 32))...))
}

// right is how a proof for a call has to be made.
func right(call, nonce, shown string) signature {
	return signature{http.MethodPost, call, nonce, shown, "ES256", "waitroom-proof+jwt"}
}

func (s *Stage) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.Fatal(err)
	}
	return key
}

// nonce asks for a fresh nonce, "" where the gateway gives none.
func (s *Stage) nonce(v *gateway.Visitor) string {
	s.Helper()
	return v.Call(s, "device").Header.Get("Waitroom-Nonce")
}

// proven makes a call with a proof.
func (s *Stage) proven(v *gateway.Visitor, call, proof string) gateway.Answer {
	s.Helper()
	before := maps.Clone(v.Fields)
	defer func() { v.Fields = before }()
	return v.With("Waitroom-Proof", proof).Call(s, call)
}

func replayedProofs(s *Stage) {
	g := s.private(map[string]string{"rate": "36,000,000/h", "burst": "1000"})
	g.Set(s, map[string]any{"paused": true})
	v, other := gateway.NewVisitor(g.URL), gateway.NewVisitor(g.URL)
	v.Call(s, "join")
	other.Call(s, "join")
	nonce := s.nonce(v)
	if nonce == "" {
		s.Skip(noKeys)
	}
	key, base := s.newKey(), g.URL+"/.waitroom/"+gateway.Room+"/"
	first := s.prove(key, base, right("device", nonce, ""))
	if a := s.proven(v, "device", first); a.Status != http.StatusOK {
		s.Fatalf("a device's key is not taken: %d %s", a.Status, a.Body)
	}
	ticket := func(v *gateway.Visitor) string { return v.Cookies["waitroom-ticket-"+gateway.Room] }
	g.Set(s, map[string]any{"paused": false})
	gateway.Until(s, "the call", 20*time.Second, func() bool { return v.Call(s, "status").Standing.State == "called" })

	// Each is made anew, with a nonce that nobody has used.
	fresh := func(change func(*signature)) string {
		as := right("enter", s.nonce(v), ticket(v))
		change(&as)
		return s.prove(key, base, as)
	}
	for name, proof := range map[string]string{
		"none": "", "no JWT": "x", "that of another call, again": first,
		"for another call":     fresh(func(as *signature) { as.call = "leave" }),
		"for another method":   fresh(func(as *signature) { as.method = http.MethodGet }),
		"for another room":     fresh(func(as *signature) { as.call = "../another/enter" }),
		"for another ticket":   fresh(func(as *signature) { as.shown = ticket(other) }),
		"for no ticket":        fresh(func(as *signature) { as.shown = "" }),
		"without a nonce":      fresh(func(as *signature) { as.nonce = "" }),
		"a made-up nonce":      fresh(func(as *signature) { as.nonce = b64.EncodeToString(make([]byte, 32)) }),
		"algorithm none":       fresh(func(as *signature) { as.alg = "none" }),
		"algorithm HS256":      fresh(func(as *signature) { as.alg = "HS256" }),
		"typ of a ticket":      fresh(func(as *signature) { as.typ = "wr-ticket+jwt" }),
		"signed by another":    s.prove(s.newKey(), base, right("enter", s.nonce(v), ticket(v))),
		"for another address":  s.prove(key, "https://evil.example/.waitroom/"+gateway.Room+"/", right("enter", s.nonce(v), ticket(v))),
		"with a byte too much": s.prove(key, base, right("enter", s.nonce(v), ticket(v))) + "A",
	} {
		a := s.proven(v.Twin(), "enter", proof)
		s.Check(name, "POST enter\nWaitroom-Proof: "+proof, a, admitted(&a))
	}
	// The right one lets in, once.
	proof := fresh(func(*signature) {})
	thief := v.Twin()
	if a := s.proven(v, "enter", proof); admitted(&a) == "" {
		s.Fatalf("the right proof does not let in: %d %s", a.Status, a.Body)
	}
	a := s.proven(thief, "enter", proof)
	s.Check("the right one, again", "POST enter\nWaitroom-Proof: "+proof, a, admitted(&a))
}

// admitted says why an answer lets in, "" where it does not.
func admitted(a *gateway.Answer) string {
	if a.Status == http.StatusOK || a.Standing.State == "admitted" {
		return fmt.Sprintf("it lets in: %d, %s", a.Status, a.Standing.State)
	}
	return ""
}
