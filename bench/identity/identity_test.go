// Package identity_test drives the built gateway with people who are verified by providers over real HTTP.
package identity_test

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/bench/provider"
	"waitroom/queue/redis/redistest"
)

// binary is the program that is tested.
var binary string

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, &binary)) }

// host is where visitors come.
const host = "booking.example.kr"

// site is a gateway with one provider, and a backend.
type site struct {
	*gateway.Gateway
	demo    *provider.Provider
	issuer  string
	origin  string
	backend *canary.Canary
}

// setting is what differs between sites.
type setting struct {
	redis *redistest.Server
	// between is put before the provider.
	between func(http.Handler) http.Handler
	// inBrowser gives the site and the provider addresses that a browser finds, and that are not the same site.
	inBrowser bool
	// more is what is configured of the provider, beside what all sites have.
	more string
	// top and room are of the gateway and of its room, beside what all have.
	top, room map[string]string
}

// open starts a gateway.
func open(t *testing.T, o setting) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{issuer: "http://" + l.Addr().String(), origin: "https://" + host, backend: canary.Start(t)}
	top := map[string]string{}
	maps.Copy(top, o.top)
	if o.inBrowser {
		top["listen"] = gateway.FreeAddr(t)
		s.origin, s.issuer = "http://"+top["listen"], strings.Replace(s.issuer, "127.0.0.1", "localhost", 1)
	}
	s.demo = provider.New(provider.Config{Issuer: s.issuer, Korean: "데모", English: "Demo", ClientID: "waitroom", ClientSecret: "client-secret-planted"})
	server := &http.Server{Handler: s.demo, ReadHeaderTimeout: 10 * time.Second}
	if o.between != nil {
		server.Handler = o.between(s.demo)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	far := time.Now().AddDate(1, 0, 0).Format("2006-01-02T15:04")
	top["identity"] = "{origin: '" + s.origin + "', person: [ci], providers: [{name: demo, type: oidc, issuer: '" + s.issuer +
		"', client_id: waitroom, client_secret: client-secret-planted, algorithms: [ES256]" + o.more + "}]}"
	room := map[string]string{
		"identity": "required", "rate": "1000/s", "burst": "1000",
		// The rotation makes the gateway ask for the day of birth.
		"eligibility": "{zone: Asia/Seoul, groups: [{name: first, claim: priority_group, in: [y]}], windows: [" +
			"{kind: everyone, from: '2021-01-01T00:00', until: '" + far + "'}," +
			"{kind: group, group: first, from: '2021-01-01T00:00', until: '" + far + "'}," +
			"{kind: rotation, first: 2021-01-01, last: 2021-01-02, opens: '09:00', closes: '18:00'}]}",
	}
	maps.Copy(room, o.room)
	s.Gateway = gateway.Start(t, gateway.Options{Binary: binary, Backend: s.backend.URL, Redis: o.redis, Top: top, Room: room})
	return s
}

// visitor is a browser that comes to the site by its name.
func (s *site) visitor() *gateway.Visitor {
	v := gateway.NewVisitor(s.URL)
	v.Host = host
	return v
}

// begin goes to the provider's page, and gives its address.
func (s *site) begin(t *testing.T, v *gateway.Visitor) string {
	t.Helper()
	form := url.Values{"return": {"/book?day=1"}}
	q, err := http.NewRequest(http.MethodPost, v.URL+"/.waitroom/"+gateway.Room+"/login/demo", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
		"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	} {
		q.Header.Set(name, value)
	}
	a, err := v.Do(q)
	if err != nil || a.Status != http.StatusSeeOther {
		t.Fatalf("login: %v, %d %s", err, a.Status, a.Body)
	}
	return a.Header.Get("Location")
}

// verify goes the whole way as one person, and gives the gateway's answer.
func (s *site) verify(t *testing.T, v *gateway.Visitor, person int) gateway.Answer {
	t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a, err := client.Get(s.begin(t, v) + fmt.Sprintf("&person=%d", person))
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	back, err := a.Location()
	if err != nil || back.Host != host {
		t.Fatalf("the provider sends the browser to %v, %v", back, err)
	}
	return v.Navigate(t, back.RequestURI())
}
