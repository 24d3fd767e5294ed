package attempts

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// verified is a gateway of the attempt's own that lets in verified people only, and who verifies them.
type verified struct {
	*gateway.Gateway
	s       *Stage
	parties map[string]*party
}

// verifying is how such a gateway is started.
type verifying struct {
	// person are the claims that make one; "" is [ci].
	person string
	// parties are the names of the providers; none is demo.
	parties []string
	// party are more settings of providers, as YAML, by their names.
	party map[string]string
	// room are settings of the room, beside its being open to everybody who is verified.
	room map[string]string
	// store is where the line is; nil is one of the site's kind.
	store *redistest.Server
	// clock is what providers go by; nil is the right one.
	clock func() time.Time
}

// verifies starts one.
func (s *Stage) verifies(o verifying) *verified {
	s.Helper()
	if o.person == "" {
		o.person = "[ci]"
	}
	if len(o.parties) == 0 {
		o.parties = []string{"demo"}
	}
	if o.store == nil && s.Redis != nil {
		o.store = redistest.Start(s)
	}
	v := &verified{s: s, parties: map[string]*party{}}
	var providers []string
	for _, name := range o.parties {
		p := s.party(name, o.clock)
		v.parties[name] = p
		providers = append(providers, fmt.Sprintf("{name: %s, type: oidc, issuer: '%s', client_id: waitroom, client_secret: %s, algorithms: [ES256]%s}",
			name, p.issuer, secretOfParties, o.party[name]))
	}
	room := map[string]string{"identity": "required", "rate": "36,000,000/h", "burst": "1000"}
	maps.Copy(room, o.room)
	v.Gateway = s.starts(gateway.Options{
		Backend: canary.Start(s).URL, Redis: o.store, Room: room,
		Top: map[string]string{"identity": "{origin: $URL, person: " + o.person + ", providers: [" + strings.Join(providers, ", ") + "]}"},
	})
	return v
}

// visitor is a browser that has not said who it is.
func (v *verified) visitor() *gateway.Visitor { return gateway.NewVisitor(v.URL) }

// begin has a visitor choose a provider, and gives the address of its page; "" where they are not sent there.
func (v *verified) begin(who *gateway.Visitor, party string, more url.Values) (string, gateway.Answer) {
	v.s.Helper()
	form := url.Values{"return": {"/book"}}
	maps.Copy(form, more)
	q, err := http.NewRequest(http.MethodPost, who.URL+"/.waitroom/"+gateway.Room+"/login/"+party, strings.NewReader(form.Encode()))
	if err != nil {
		v.s.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
		"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	} {
		q.Header.Set(name, value)
	}
	a, err := who.Do(q)
	if err != nil {
		v.s.Fatal(err)
	}
	to := a.Header.Get("Location")
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(to, v.parties[party].issuer) {
		return "", a
	}
	return to, a
}

// choose has a person say yes at a provider's page, and gives the address that they are sent back to.
func (v *verified) choose(page string, person int) string {
	v.s.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Get(page + fmt.Sprintf("&person=%d", person))
	if err != nil {
		v.s.Fatal(err)
	}
	_ = r.Body.Close()
	back, err := r.Location()
	if err != nil {
		v.s.Fatalf("the provider answered %s without an address", r.Status)
	}
	return back.RequestURI()
}

// login is begin and choose where both have to succeed.
func (v *verified) login(who *gateway.Visitor, party string, person int) string {
	v.s.Helper()
	page, a := v.begin(who, party, nil)
	if page == "" {
		v.s.Fatalf("login at %s: %d %.300s", party, a.Status, a.Body)
	}
	return v.choose(page, person)
}

// placed says why a visitor who came back has got a place, "" where not.
func (v *verified) placed(who *gateway.Visitor, back string) (gateway.Answer, string) {
	v.s.Helper()
	a := who.Navigate(v.s, back)
	return a, given(who)
}

// given says what a visitor was given, "" for nothing.
func given(who *gateway.Visitor) string {
	for _, what := range []string{"ticket", "pass"} {
		if who.Cookies["waitroom-"+what+"-"+gateway.Room] != "" {
			return "a " + what + " was given"
		}
	}
	return ""
}

// seat is a visitor who was verified as a person, and has a place.
func (v *verified) seat(party string, person int) *gateway.Visitor {
	v.s.Helper()
	who := v.visitor()
	if a, why := v.placed(who, v.login(who, party, person)); why == "" {
		v.s.Fatalf("person %d gets no place: %d %.300s", person, a.Status, a.Body)
	}
	return who
}

// inside waits until a visitor's pass opens the backend.
func (v *verified) inside(who *gateway.Visitor) {
	v.s.Helper()
	gateway.Until(v.s, "who is verified to be let in", turnLimit, func() bool { return v.opens(who) })
}

// opens says whether the backend answers a visitor.
func (v *verified) opens(who *gateway.Visitor) bool {
	a, err := who.TryNavigate("/book")
	return err == nil && v.s.strange(a.Status, a.Header.Get("Content-Type"), a.Body) != ""
}
