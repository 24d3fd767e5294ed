package attempts

import (
	"crypto/ecdsa"
	"fmt"
	"maps"
	"net/http"
	"time"

	"waitroom/bench/gateway"
)

// noKeys is why proofs are not tried.
const noKeys = "this gateway asks for no keys of devices"

// prove makes a proof.
func (s *Stage) prove(key *ecdsa.PrivateKey, p gateway.Proof) string {
	s.Helper()
	proof, err := gateway.Prove(key, p)
	if err != nil {
		s.Fatal(err)
	}
	return proof
}

func (s *Stage) newKey() *ecdsa.PrivateKey {
	key, err := gateway.NewKey()
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
	first := s.prove(key, gateway.Proof{URL: base + "device", Nonce: nonce})
	if a := s.proven(v, "device", first); a.Status != http.StatusOK {
		s.Fatalf("a device's key is not taken: %d %s", a.Status, a.Body)
	}
	ticket := func(v *gateway.Visitor) string { return v.Cookies["waitroom-ticket-"+gateway.Room] }
	g.Set(s, map[string]any{"paused": false})
	gateway.Until(s, "the call", 20*time.Second, func() bool { return v.Call(s, "status").Standing.State == "called" })

	// Each is made anew, with a nonce that nobody has used.
	right := func() gateway.Proof {
		return gateway.Proof{URL: base + "enter", Nonce: s.nonce(v), Ath: gateway.Ath(ticket(v))}
	}
	fresh := func(change func(*gateway.Proof)) string {
		p := right()
		change(&p)
		return s.prove(key, p)
	}
	for name, proof := range map[string]string{
		"none": "", "no JWT": "x", "that of another call, again": first,
		"for another call":     fresh(func(p *gateway.Proof) { p.URL = base + "leave" }),
		"for another method":   fresh(func(p *gateway.Proof) { p.Method = http.MethodGet }),
		"for another room":     fresh(func(p *gateway.Proof) { p.URL = base + "../another/enter" }),
		"for another ticket":   fresh(func(p *gateway.Proof) { p.Ath = gateway.Ath(ticket(other)) }),
		"for no ticket":        fresh(func(p *gateway.Proof) { p.Ath = "" }),
		"without a nonce":      fresh(func(p *gateway.Proof) { p.Nonce = "" }),
		"a made-up nonce":      fresh(func(p *gateway.Proof) { p.Nonce = b64.EncodeToString(make([]byte, 32)) }),
		"algorithm none":       fresh(func(p *gateway.Proof) { p.Alg = "none" }),
		"algorithm HS256":      fresh(func(p *gateway.Proof) { p.Alg = "HS256" }),
		"typ of a ticket":      fresh(func(p *gateway.Proof) { p.Typ = "wr-ticket+jwt" }),
		"signed by another":    s.prove(s.newKey(), right()),
		"for another address":  fresh(func(p *gateway.Proof) { p.URL = "https://evil.example/.waitroom/" + gateway.Room + "/enter" }),
		"with a byte too much": s.prove(key, right()) + "A",
	} {
		a := s.proven(v.Twin(), "enter", proof)
		s.Check(name, "POST enter\nWaitroom-Proof: "+proof, a, admitted(&a))
	}
	// The right one lets in, once.
	proof := s.prove(key, right())
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
