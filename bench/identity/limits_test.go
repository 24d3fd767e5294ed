package identity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
	"waitroom/proxy/limits/altcha"
)

// login asks for the way to the provider: as a person does, or as an app.
func (s *site) login(t *testing.T, v *gateway.Visitor, app bool, work []byte) gateway.Answer {
	t.Helper()
	body, kind := "return=%2Fbook%3Fday%3D1&invite=", "application/x-www-form-urlencoded"
	if app {
		body, kind = `{"redirect":"kr.example.app:/login"}`, "application/json"
	}
	q, err := http.NewRequest(http.MethodPost, v.URL+"/.waitroom/"+gateway.Room+"/login/demo", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", kind)
	if !app {
		q.Header.Set("Sec-Fetch-Site", "same-origin")
		q.Header.Set("Sec-Fetch-Dest", "document")
		q.Header.Set("Accept", "text/html")
	}
	if work != nil {
		q.Header.Set("Waitroom-Work", string(work))
	}
	a, err := v.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// limited are limits of the room.
func limited(limits string) setting {
	return setting{room: map[string]string{"limits": limits}, more: ", app_redirects: ['kr.example.app:/login']"}
}

func TestVerificationsCountAsJoins(t *testing.T) {
	s := open(t, limited("{joins_per_address: 3/24h}"))
	first := s.visitor()
	if a := s.verify(t, first, 3); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for range 2 {
		s.begin(t, s.visitor())
	}
	// People are told by a page that leads to where they were going, programs by a problem.
	a := s.login(t, s.visitor(), false, nil)
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Body, `data-return="/book?day=1"`) {
		t.Errorf("a person: %d %.400s", a.Status, a.Body)
	}
	if a := s.login(t, s.visitor(), true, nil); a.Status != http.StatusTooManyRequests || a.Standing.Type != "urn:waitroom:problem:too-many-requests" {
		t.Errorf("an app: %d %s", a.Status, a.Body)
	}
	// Who is verified goes on.
	if a := first.Navigate(t, "/book?day=1"); a.Status != http.StatusOK || !strings.Contains(a.Body, "inside") {
		t.Errorf("%d %.200s", a.Status, a.Body)
	}
}

func TestADeviceBringsAnswersAsOftenAsItsLimitSays(t *testing.T) {
	s := open(t, limited("{joins_per_device: 4/24h}"))
	v := s.visitor()
	s.begin(t, v)
	seen := map[int]int{}
	for range 8 {
		a := v.Navigate(t, "/.waitroom/login/demo/callback?code=none&state=none")
		seen[a.Status]++
	}
	// The login made the device, and is not among them.
	if seen[http.StatusOK] != 4 || seen[http.StatusTooManyRequests] != 4 {
		t.Errorf("%v", seen)
	}
}

func TestWhoAsksForTheLightsIsNotBad(t *testing.T) {
	o := limited("{joins_per_address: off}")
	o.top = map[string]string{"limits": "{bad_requests_per_address: 10/24h}"}
	s := open(t, o)
	f := func(path string, last int) {
		t.Helper()
		status := 0
		for range 30 {
			q, err := http.NewRequest(http.MethodGet, s.URL+"/.waitroom/"+gateway.Room+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := s.visitor().Do(q)
			if err != nil {
				t.Fatal(err)
			}
			status = a.Status
		}
		if status != last {
			t.Errorf("%s: %d after 30 times, want %d", path, status, last)
		}
	}
	f("/login", http.StatusOK)
	f("/window.ics", http.StatusNotFound)
	f("/login/demo", http.StatusMethodNotAllowed)
	f("/login/nobody", http.StatusTooManyRequests)
}

func TestAVerificationCostsAProofOfWorkWhereAPlaceDoes(t *testing.T) {
	s := open(t, limited("{proof_of_work: {mode: always, cost: 10, digits: 1}}"))
	app := s.visitor()
	a := s.login(t, app, true, nil)
	var said struct {
		Challenge         json.RawMessage
		URL, Flow, Device string
	}
	if err := json.Unmarshal([]byte(a.Body), &said); err != nil || a.Status != http.StatusTooManyRequests || said.Challenge == nil {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	work := altcha.Solve(said.Challenge)
	if a := s.login(t, app, true, []byte(strings.Replace(string(work), "A", "B", 1))); a.Status != http.StatusTooManyRequests {
		t.Errorf("a changed answer: %d %s", a.Status, a.Body)
	}
	a = s.login(t, app, true, work)
	if err := json.Unmarshal([]byte(a.Body), &said); err != nil || a.Status != http.StatusOK || said.URL == "" || said.Flow == "" || said.Device == "" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := s.login(t, s.visitor(), true, work); a.Status != http.StatusTooManyRequests {
		t.Errorf("an answer was taken twice: %d", a.Status)
	}
	if a := s.login(t, s.visitor(), false, nil); a.Status != http.StatusTooManyRequests || !strings.Contains(a.Body, "data-puzzle") {
		t.Errorf("a person: %d %.300s", a.Status, a.Body)
	}
}

func TestABrowserSolvesThePuzzleAndGoesToTheProvider(t *testing.T) {
	chromium, err := browser.Launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Close)
	o := limited("{proof_of_work: {mode: always, cost: 100, digits: 2}}")
	o.inBrowser = true
	s := open(t, o)
	tab := chromium.Open(t, browser.Options{})
	if a := tab.Goto(s.origin + "/book?day=1"); a.Status != http.StatusOK {
		t.Fatalf("the choice page: %+v", a)
	}
	click(t, tab, `form [formaction$="/login/demo"]`)
	click(t, tab, `a[href*="person=7"]`)
	inside := false
	gateway.Until(t, "the browser to be inside", 20*time.Second, func() bool {
		_ = tab.Try(`location.href === '`+s.origin+`/book?day=1' && !!document.getElementById('inside')`, &inside)
		return inside
	})
	if !inside {
		t.Error(fmt.Sprint("at ", tab.Frames()))
	}
}
