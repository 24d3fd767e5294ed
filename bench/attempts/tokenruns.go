package attempts

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// tokensOf shows forged tokens as passes, and as tickets where their typ can say so.
func tokensOf(forge func(g *genuine) map[string]string) func(*Stage) {
	return func(s *Stage) {
		g := s.takeApart()
		var shots []Shot
		for name, token := range forge(&g) {
			shots = append(shots, g.show(name, token)...)
			for _, call := range []string{"enter", "status"} {
				shots = append(shots, s.asTicket(name, token, call, g.agent, g.device))
			}
		}
		s.Shoot(shots)
		s.honest(&g)
	}
}

// asTicket shows a token as a ticket; nobody may be told of a place by it.
func (s *Stage) asTicket(name, token, call, agent, device string) Shot {
	method := map[string]string{"enter": "POST", "status": "GET"}[call]
	return Shot{
		Name: name + ", as a ticket to " + call, NoPlace: true,
		Text: request(method, "/.waitroom/{room}/"+call, agent, "Cookie: "+device+"; waitroom-ticket-{room}="+token, "Waitroom-Ticket: "+token, "Content-Length: 0"),
	}
}

// honest sees to it that being refused shows something: the pass that was taken apart is
// still good, and so is a forgery with the gateway's own key, where that is at hand.
func (s *Stage) honest(g *genuine) {
	s.Helper()
	s.opens("the pass itself", g.real)
	if len(s.Gateways) > 0 {
		s.opens("a forgery with the right key", g.with(jwt(g.head, g.claims, s.signers("pass")[g.kid])))
	}
}

// with is how the forger shows a token.
func (g *genuine) with(token string) []string {
	return []string{g.agent, "Cookie: " + g.device + "; " + g.cookie + "=" + token}
}

// opens fails the attempt where what an honest visitor shows does not open. A machine that is busy may take several tries to answer at all.
func (s *Stage) opens(what string, fields []string) {
	s.Helper()
	var reply string
	var err error
	for tries := 0; tries < 5 && reply == "" && err == nil; tries++ {
		reply, err = s.Exchange(s.address(0), s.fill(get("{page}", fields...), ""))
	}
	if err != nil || !strings.Contains(reply, s.inside) {
		s.Fatalf("%s does not open, so that nothing is shown: %v %.200q", what, err, reply)
	}
}

func unsigned(g *genuine) map[string]string {
	all := map[string]string{}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "null", "none ", "\\u006eone"} {
		all["alg "+alg] = jwt(`{"alg":"`+alg+`","typ":"wr-pass+jwt","kid":"`+g.kid+`"}`, g.claims, nothing)
		all["alg "+alg+" with the old signature"] = strings.TrimSuffix(jwt(`{"alg":"`+alg+`","typ":"wr-pass+jwt","kid":"`+g.kid+`"}`, g.claims, nothing), ".") + "." + g.signature
	}
	head, claims := b64.EncodeToString([]byte(g.head)), b64.EncodeToString([]byte(g.claims))
	all["no alg"] = jwt(`{"typ":"wr-pass+jwt","kid":"`+g.kid+`"}`, g.claims, nothing)
	all["no signature"] = head + "." + claims + "."
	all["two parts"] = head + "." + claims
	all["four parts"] = g.token + "."
	all["signature of nought"] = head + "." + claims + "." + b64.EncodeToString(make([]byte, 64))
	all["JSON"] = `{"payload":"` + claims + `","protected":"` + head + `","signature":""}`
	all["alg twice"] = jwt(`{"alg":"none","alg":"EdDSA","typ":"wr-pass+jwt","kid":"`+g.kid+`"}`, g.claims, nothing)
	return all
}

func confused(g *genuine) map[string]string {
	all := map[string]string{}
	x := b64.EncodeToString(g.public)
	for name, secret := range map[string][]byte{"bytes": g.public, "base64url": []byte(x), "PEM": spki(g.public), "PEM without its end": []byte(strings.TrimSpace(string(spki(g.public)))), "kid": []byte(g.kid), "nothing": {}} {
		for _, typ := range []string{"wr-pass+jwt", "wr-ticket+jwt", "JWT"} {
			all["HS256 with the public key as "+name+", typ "+typ] = jwt(`{"alg":"HS256","typ":"`+typ+`","kid":"`+g.kid+`"}`, g.claims, hs256(secret))
		}
	}
	for _, alg := range []string{"HS384", "HS512", "RS256", "PS256", "ES256", "ES512", "Ed448", "Ed25519", "EdDSA ", "eddsa"} {
		all["alg "+alg+" with the old signature"] = strings.TrimSuffix(jwt(`{"alg":"`+alg+`","typ":"wr-pass+jwt","kid":"`+g.kid+`"}`, g.claims, nothing), ".") + "." + g.signature
	}
	return all
}

func selfKeyed(g *genuine) map[string]string {
	all := map[string]string{}
	sign, public := stranger()
	x := b64.EncodeToString(public)
	add := func(name, fields string, by signer) {
		for _, alg := range []string{"EdDSA", "HS256"} {
			all[name+", "+alg] = jwt(`{"alg":"`+alg+`","typ":"wr-pass+jwt",`+fields+`}`, g.claims, by)
		}
	}
	jwk := `{"kty":"OKP","crv":"Ed25519","x":"` + x + `"}`
	for _, kid := range []string{
		"../../../../dev/null", "/dev/null", "../keys", "' UNION SELECT 'x", "x' OR '1'='1", "; sleep 5", "$(id)", "|id", "http://127.0.0.1/", "", g.kid + "\\u0000", strings.ToUpper(g.kid), g.kid + " ", "0", strings.Repeat("a", 4000),
	} {
		add("kid "+kid[:min(len(kid), 40)], `"kid":"`+kid+`"`, hs256(nil))
	}
	add("no kid", `"x":"y"`, sign)
	add("kid as a number", `"kid":0`, sign)
	add("kid as null", `"kid":null`, sign)
	for name, field := range map[string]string{
		"jwk": `"jwk":` + jwk, "jku": `"jku":"http://127.0.0.1:1/jwks.json"`, "x5u": `"x5u":"http://127.0.0.1:1/x"`, "x5c": `"x5c":["` + x + `"]`,
		"crit": `"crit":["x"],"x":1`, "b64": `"b64":false,"crit":["b64"]`, "zip": `"zip":"DEF"`, "cty": `"cty":"JWT"`,
	} {
		add(name, `"kid":"`+g.kid+`",`+field, sign)
		all[name+" with the old signature"] = strings.TrimSuffix(jwt(`{"alg":"EdDSA","typ":"wr-pass+jwt","kid":"`+g.kid+`",`+field+`}`, g.claims, nothing), ".") + "." + g.signature
	}
	return all
}

func changedClaims(s *Stage) {
	g := s.takeApart()
	var shots []Shot
	head := b64.EncodeToString([]byte(g.head))
	var claims map[string]any
	_ = json.Unmarshal([]byte(g.claims), &claims)
	for _, name := range []string{"iss", "aud", "jti", "iat", "nbf", "exp", "end", "ent", "gen", "dev", "brw", "sub", "cnf"} {
		for _, value := range []any{"x", nil, 0, 4102444800, -1, []any{"booking"}, map[string]any{}} {
			changed := map[string]any{}
			for k, v := range claims {
				changed[k] = v
			}
			if changed[name] = value; value == nil {
				delete(changed, name)
			}
			text, _ := json.Marshal(changed)
			shots = append(shots, g.show(fmt.Sprintf("%s: %v", name, value), head+"."+b64.EncodeToString(text)+"."+g.signature)...)
		}
	}
	w := s.Waiter()
	ticket := w.Cookies[s.cookie(w, "ticket-"+s.Room)]
	shots = append(shots, g.show("a ticket as a pass", ticket)...)
	_, device, _ := strings.Cut(shown(w)[1], "Cookie: ")
	shots = append(shots, Shot{Name: "a ticket as a pass, on its device", Text: get("{page}?{mark}", g.agent, "Cookie: "+device+"; "+g.cookie+"="+ticket)})
	for _, call := range []string{"enter", "status"} {
		shots = append(shots, s.asTicket("a pass as a ticket", g.token, call, g.agent, g.device))
	}
	s.Shoot(shots)
	if len(s.Gateways) > 0 {
		s.Shoot(s.wrongKinds(&g))
	}
	s.honest(&g)
}

// wrongKinds are tokens that the gateway's own keys sign, and that mean something else.
func (s *Stage) wrongKinds(g *genuine) []Shot {
	var shots []Shot
	for kid, sign := range s.signers("pass") {
		for name, head := range map[string]string{"no typ": `{"alg":"EdDSA","kid":"%s"}`, "typ JWT": `{"alg":"EdDSA","typ":"JWT","kid":"%s"}`, "typ of a ticket": `{"alg":"EdDSA","typ":"wr-ticket+jwt","kid":"%s"}`, "typ in capitals": `{"alg":"EdDSA","typ":"WR-PASS+JWT","kid":"%s"}`} {
			shots = append(shots, g.show(name, jwt(fmt.Sprintf(head, kid), g.claims, sign))...)
		}
		for name, change := range map[string][2]string{
			"of another room": {`"aud":"` + s.Room + `"`, `"aud":"another"`}, "of another issuer": {`"iss":"`, `"iss":"evil`}, "of several rooms": {`"aud":"` + s.Room + `"`, `"aud":["another","` + s.Room + `"]`},
			"of no room": {`"aud":"` + s.Room + `",`, ``},
		} {
			shots = append(shots, g.show(name, jwt(g.head, strings.Replace(g.claims, change[0], change[1], 1), sign))...)
		}
	}
	for kid, sign := range s.signers("ticket") {
		shots = append(shots, g.show("a pass's claims signed as a ticket", jwt(`{"alg":"HS256","typ":"wr-ticket+jwt","kid":"`+kid+`"}`, g.claims, sign))...)
	}
	return shots
}

// oddTimes signs passes with the gateway's own key.
func oddTimes(s *Stage) {
	g := s.takeApart()
	var c struct{ Exp, End, Iat, Nbf, Ent int64 }
	_ = json.Unmarshal([]byte(g.claims), &c)
	past := strconv.FormatInt(time.Now().Unix()-60, 10)
	ahead := strconv.FormatInt(time.Now().Unix()+3600, 10)
	exp := fmt.Sprintf(`"exp":%d`, c.Exp)
	var shots []Shot
	for kid, sign := range s.signers("pass") {
		if kid != g.kid {
			continue
		}
		add := func(name, old, changed string) {
			claims := strings.Replace(g.claims, old, changed, 1)
			if claims == g.claims {
				s.Fatalf("%s: there is no %s in %s", name, old, g.claims)
			}
			shots = append(shots, g.show(name, jwt(g.head, claims, sign))...)
		}
		for name, value := range map[string]string{
			"past": past, "nought": "0", "as text": `"` + ahead + `"`, "a fraction": ahead + ".5", "with an exponent": "4e9", "huge": "99999999999999999999999", "past 2^53": "9007199254740993", "negative": "-1",
			"null": "null", "a list": "[" + ahead + "]", "with a nought before": "0" + ahead, "true": "true",
		} {
			add("exp "+name, exp, `"exp":`+value)
		}
		add("no exp", exp+",", "")
		add("exp twice", exp, `"exp":`+past+`,`+exp)
		add("exp twice, the other way", exp, exp+`,"exp":`+past)
		add("iat ahead", fmt.Sprintf(`"iat":%d`, c.Iat), `"iat":`+ahead)
		add("entry ahead", fmt.Sprintf(`"ent":%d`, c.Ent), fmt.Sprintf(`"ent":%d`, time.Now().Add(time.Hour).UnixMicro()))
		add("a blank more", `{"iss"`, `{ "iss"`)
		add("a claim more", `{"iss"`, `{"admin":true,"iss"`)
		shots = append(shots, g.show("a byte more", jwt(g.head, g.claims+" ", sign))...)
	}
	s.Shoot(shots)
	s.honest(&g)
}

func otherSpellings(s *Stage) {
	g := s.takeApart()
	s.revokeID(claimID(g.token))
	gateway.Until(s, "the end of a pass to be known", 10*time.Second, func() bool {
		reply, err := s.Exchange(s.address(0), s.fill(get("{page}", g.real...), ""))
		return err == nil && !strings.Contains(reply, s.inside)
	})
	gateway.Pass(time.Second) // all gateways know of it by then
	_, rest, _ := strings.Cut(g.real[1], g.cookie+"=")
	_, rest, _ = strings.Cut(rest, g.token)
	before, _, _ := strings.Cut(g.real[1], g.cookie+"=")
	var shots []Shot
	for name, token := range spelledAnew(g.token) {
		shots = append(shots,
			Shot{Name: name, Text: get("{page}?{mark}", g.agent, before+g.cookie+"="+token+rest)},
			Shot{Name: name + ", as an app's", Text: get("{page}?{mark}", g.agent, before+"x=y"+rest, "Waitroom-Pass: "+token)})
	}
	s.Shoot(shots)
}

// spelledAnew are other spellings of a token, and the token itself.
func spelledAnew(token string) map[string]string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	parts := strings.Split(token, ".")
	head, _ := b64.DecodeString(parts[0])
	return map[string]string{
		"as it was": token, "padding": token + "=", "two paddings": token + "==", "padding everywhere": parts[0] + "=." + parts[1] + "=." + parts[2] + "=",
		"a dot more": token + ".", "percent-encoded dot": strings.Replace(token, ".", "%2E", 1), "quotes": `"` + token + `"`,
		"unused bits": token[:len(token)-1] + string(alphabet[last^1]), "more unused bits": token[:len(token)-1] + string(alphabet[last^2]),
		"a tab inside": parts[0] + ".\t" + parts[1] + "." + parts[2], "upper case": strings.ToUpper(parts[0]) + "." + parts[1] + "." + parts[2],
		"standard alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(token) + "=", "standard base64": base64.StdEncoding.EncodeToString(head) + "." + parts[1] + "." + parts[2],
		"a blank in the head": b64.EncodeToString([]byte(string(head)+" ")) + "." + parts[1] + "." + parts[2],
	}
}

func rotatedKeys(s *Stage) {
	g := s.private(map[string]string{"rate": "36,000,000/h", "burst": "1000"})
	site := &Stage{Site: &Site{URL: g.URL, Host: g.Visitors, Room: gateway.Room, Page: s.Page, Gateways: []*gateway.Gateway{g}, inside: s.inside}, TB: s.TB, attempt: s.attempt}
	site.target, site.insiders = s.target, make(chan *gateway.Visitor, 1)
	v := gateway.NewVisitor(g.URL)
	s.enters(v)
	site.insiders <- v
	old := site.takeApart()
	before := site.signers("pass")[old.kid]
	g.Set(s, map[string]any{"paused": true})
	restart := func() {
		if err := g.Stop(s); err != nil {
			s.Fatal(err)
		}
		g.Run(s)
	}
	if out, err := g.Command("keys", "rotate", "-c", g.File()).CombinedOutput(); err != nil {
		s.Fatalf("rotate: %v %s", err, out)
	}
	restart()
	s.Tried()
	site.opens("a pass of the key before", old.real)
	site.opens("a forgery with the key before", old.with(jwt(old.head, old.claims, before)))
	shut := func(name, token string) {
		s.Tried()
		text := s.fill(get(s.Page, old.with(token)...), "")
		reply, err := s.Exchange(g.Visitors, text)
		if err != nil {
			s.Fatal(err)
		}
		if strings.Contains(reply, s.inside) {
			s.Through(Finding{Variant: name, Sent: text, Answer: reply, Why: "the pass opens"})
		}
	}
	shut("a key that is not known", jwt(strings.Replace(old.head, old.kid, "0123456789abcdef", 1), old.claims, before))
	// With its file gone a key is revoked.
	if err := os.Remove(filepath.Join(g.Dir, "keys", "pass-"+old.kid+".key")); err != nil {
		s.Fatal(err)
	}
	restart()
	shut("a key that was taken away", jwt(old.head, old.claims, before))
}

// private is a gateway of the attempt's own, with a canary of its own behind it.
func (s *Stage) private(room map[string]string) *gateway.Gateway {
	s.Helper()
	return s.starts(gateway.Options{Backend: canary.Start(s).URL, Room: room})
}

// enters lets a visitor in.
func (s *Stage) enters(v *gateway.Visitor) {
	s.Helper()
	v.Call(s, "join")
	gateway.Until(s, "a visitor to be let in", 20*time.Second, func() bool {
		a, err := v.Try("enter")
		return err == nil && a.Standing.State == "admitted"
	})
	gateway.Until(s, "the pass to be good", 20*time.Second, func() bool {
		a, err := v.TryNavigate(s.Page)
		return err == nil && strings.Contains(a.Body, s.inside)
	})
}

func twins(s *Stage) {
	g := s.takeApart()
	var shots []Shot
	all := g.real[1]
	for pair := range strings.SplitSeq(strings.TrimPrefix(all, "Cookie: "), "; ") {
		name, value, _ := strings.Cut(pair, "=")
		for _, twin := range []string{name + "=x", strings.ToUpper(name) + "=x", name + "=", " " + name + "=x", name + "\t=x", name + " =x", name + "=" + value} {
			shots = append(shots,
				Shot{Name: fmt.Sprintf("%.60q behind", twin), Text: get("{page}?{mark}", g.agent, all+"; "+twin)},
				Shot{Name: fmt.Sprintf("%.60q before", twin), Text: get("{page}?{mark}", g.agent, "Cookie: "+twin+"; "+all[len("Cookie: "):])},
				Shot{Name: fmt.Sprintf("%.60q in a second field", twin), Text: get("{page}?{mark}", g.agent, all, "Cookie: "+twin)})
		}
	}
	s.Shoot(shots)
	s.honest(&g)
}

func leaks(s *Stage) {
	g := s.takeApart()
	// Where the gateway's key is at hand the pass is one that would open as a cookie.
	pass := g.token
	if len(s.Gateways) > 0 {
		pass = jwt(g.head, g.claims, s.signers("pass")[g.kid])
	}
	var shots []Shot
	for _, name := range []string{g.cookie, "pass", "waitroom-pass", "Waitroom-Pass", "token", "access_token", "jwt", "ticket"} {
		shots = append(shots, Shot{Name: "?" + name + "=", Text: get("{page}?{mark}&"+name+"="+pass, g.agent, "Cookie: "+g.device)},
			Shot{Name: "/" + name + "/", Text: get("{page}/"+name+"/"+pass+"?{mark}", g.agent, "Cookie: "+g.device)})
	}
	s.Shoot(shots)
	s.honest(&g)
	// Broken requests are what servers like to log.
	cookie := g.real[1]
	for _, broken := range []string{"GET {page} HTTP/1.1\r\nHost: {host}\r\n" + cookie + "\r\nbroken\r\n\r\n", "GET {page} HTTP/9.9\r\nHost: {host}\r\n" + cookie + "\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: {host}\r\n" + cookie + "\r\n\r\n", get("{page}", cookie, cookie)} {
		s.Tried()
		reply, err := s.Exchange(s.address(0), s.fill(broken, ""))
		if err != nil {
			s.Fatal(err)
		}
		if strings.Contains(reply, g.signature) {
			s.Through(Finding{Variant: "echo", Sent: broken, Answer: reply, Why: "the answer echoes the pass"})
		}
	}
	for _, gw := range s.Gateways {
		s.Tried()
		if log := gw.Log(); strings.Contains(log, g.signature) {
			s.Through(Finding{Variant: "log", Why: "the gateway's log has a pass in it"})
		}
	}
	a := s.Stranger().Navigate(s, s.Page)
	reason := ""
	if policy := a.Header.Get("Referrer-Policy"); policy != "no-referrer" && policy != "same-origin" && policy != "strict-origin" {
		reason = fmt.Sprintf("the waiting page's Referrer-Policy is %q", policy)
	}
	s.Check("referrer", "GET "+s.Page, a, reason)
}

func guesses(s *Stage) {
	w := s.Waiter()
	ticket := w.Cookies[s.cookie(w, "ticket-"+s.Room)]
	base := "/.waitroom/" + s.Room
	for _, path := range []string{
		base + "/ticket/1", base + "/tickets", base + "/tickets/1", base + "/status/1", base + "/status/" + ticket, base + "/places", base + "/line", base + "/visitors", base, "/.waitroom/rooms", "/.waitroom/" + s.Room + "/journal",
		base + "/status?ticket=" + ticket, base + "/status?ticket=1", base + "/status?id=1", base + "/status?device=1", base + "/status?subject=1", base + "/status?waitroom-ticket-" + s.Room + "=" + ticket, base + "/position/1",
	} {
		q, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			s.Fatal(err)
		}
		q.Header.Set("Accept", "application/json")
		a, err := s.Stranger().Do(q)
		if err != nil {
			s.Fatal(err)
		}
		reason := ""
		if a.Standing.Number != 0 || a.Standing.Position != 0 {
			reason = "it tells of a place that is not the asker's"
		}
		s.Check(path, "GET "+path, a, reason)
	}
	for i := 0; i < len(ticket); i += max(1, len(ticket)/60) {
		guess := []byte(ticket)
		if guess[i]++; guess[i] == '.' || ticket[i] == '.' {
			continue
		}
		v := w.Twin()
		v.Cookies[s.cookie(w, "ticket-"+s.Room)] = string(guess)
		a := v.Call(s, "status")
		reason := ""
		if a.Status == 200 {
			reason = "a ticket with a changed letter is taken"
		}
		s.Check(fmt.Sprintf("letter %d of a ticket changed", i), "GET "+base+"/status", a, reason)
	}
}

func renewed(s *Stage) {
	g := s.private(map[string]string{"rate": "36,000,000/h", "burst": "1000", "pass": "{ttl: 2s, idle: 1s}"})
	v := gateway.NewVisitor(g.URL)
	s.enters(v)
	g.Set(s, map[string]any{"paused": true})
	s.Tried()
	var a gateway.Answer
	if !gateway.Eventually(6*time.Second, func() bool {
		a, _ = v.TryNavigate(s.Page)
		delete(v.Cookies, "waitroom-ticket-"+gateway.Room)
		return !strings.Contains(a.Body, s.inside)
	}) {
		s.Through(Finding{Variant: "used without a pause", Answer: said(a), Why: "the pass lives three times as long as its ttl"})
	}
}
