package site

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// browser is a visitor's: it keeps cookies and does not follow redirects by itself.
type browser struct {
	t    *testing.T
	base string
	http *http.Client
	head http.Header
}

func visit(t *testing.T, o Options) *browser {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2021, 8, 12, 11, 0, 0, 0, time.UTC) }
	}
	server := httptest.NewServer(New(o))
	t.Cleanup(server.Close)
	return another(t, server.URL)
}

func another(t *testing.T, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, http.Header{"Accept-Language": {"en"}}}
}

func (b *browser) send(method, path string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequest(method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header = b.head.Clone()
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer, string(text)
}

func (b *browser) get(path string) string {
	b.t.Helper()
	answer, text := b.send("GET", path, nil)
	if answer.StatusCode != 200 {
		b.t.Fatalf("GET %s: %s", path, answer.Status)
	}
	return text
}

var hidden = regexp.MustCompile(`type="hidden" name="(\w+)" value="([^"]*)"`)

// fill opens the form of a slot, and fills in the name.
func (b *browser) fill(slot, name string) url.Values {
	b.t.Helper()
	form := url.Values{"name": {name}}
	for _, field := range hidden.FindAllStringSubmatch(b.get("/book?slot="+slot), -1) {
		form.Set(field[1], field[2])
	}
	return form
}

func (b *browser) slots() []slot {
	b.t.Helper()
	var all []slot
	if err := json.Unmarshal([]byte(b.get("/api/slots")), &all); err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestAVisitorChoosesBooksAndLeaves(t *testing.T) {
	b := visit(t, Options{Days: 2, Stock: 17})
	list := b.get("/")
	if !strings.Contains(list, `<a href="/book?slot=20210813-09"><b>09:00</b><br>2 left</a>`) || strings.Count(list, "<h2>") != 2 {
		t.Errorf("the list: %s", list)
	}
	form := b.fill("20210813-09", "<b>Kim & Lee</b>")
	answer, _ := b.send("POST", "/book", form)
	to := answer.Header.Get("Location")
	if answer.StatusCode != 303 || !regexp.MustCompile(`^/book/[A-Z2-7]{12}$`).MatchString(to) {
		t.Fatalf("%s to %s", answer.Status, to)
	}
	page := b.get(to)
	if !strings.Contains(page, "&lt;b&gt;Kim &amp; Lee&lt;/b&gt;") || strings.Contains(page, "<b>Kim") || !strings.Contains(page, "2021-08-13 09:00") {
		t.Errorf("the confirmation: %s", page)
	}
	// The same form again, as after a lost answer, is the same booking.
	if again, _ := b.send("POST", "/book", form); again.Header.Get("Location") != to {
		t.Errorf("again: %s", again.Header.Get("Location"))
	}
	if left := b.slots()[0].Left; left != 1 {
		t.Errorf("%d left, not 1", left)
	}
	if answer, _ := b.send("POST", "/done", url.Values{}); answer.Header.Get("Waitroom-Command") != "release" {
		t.Errorf("leaving: %v", answer.Header)
	}
}

func TestTheStockIsSpreadEvenly(t *testing.T) {
	for _, total := range []int{1, 19, 20, 21, 2000, 1_900_000} {
		sum, least, most := 0, total, 0
		byDay := map[string]int{}
		for _, s := range newStock(time.Now(), 5, total).all() {
			sum, least, most = sum+s.Left, min(least, s.Left), max(most, s.Left)
			byDay[s.Day] += s.Left
		}
		if sum != total || most-least > 1 || len(byDay) != 5 {
			t.Errorf("%d over %d days: %d in all, %d to %d", total, len(byDay), sum, least, most)
		}
	}
}

func TestNoSlotIsBookedMoreOftenThanItIsThere(t *testing.T) {
	b := visit(t, Options{Days: 1, Stock: 20}) // five each
	var mu sync.Mutex
	results := map[int]int{}
	var wg sync.WaitGroup
	for i := range 12 {
		own := another(t, b.base)
		form := own.fill("20210813-11", fmt.Sprint("visitor ", i))
		wg.Go(func() {
			answer, _ := own.send("POST", "/book", form)
			mu.Lock()
			defer mu.Unlock()
			results[answer.StatusCode]++
		})
	}
	wg.Wait()
	if results[303] != 5 || results[409] != 7 || b.slots()[1].Left != 0 {
		t.Errorf("%v, %+v", results, b.slots())
	}
}

func TestTheLastBookingEndsTheWaitForAll(t *testing.T) {
	b := visit(t, Options{Days: 1, Stock: 4})
	var commands []string
	for _, s := range b.slots() {
		answer, _ := b.send("POST", "/book", b.fill(s.ID, "Kim"))
		commands = append(commands, answer.Header.Get("Waitroom-Command"))
	}
	if got := strings.Join(commands, ","); got != ",,,sold-out" {
		t.Errorf("commands: %s", got)
	}
	if !strings.Contains(b.get("/"), "Everything is booked.") {
		t.Error("the list does not say so")
	}
}

func TestAFormIsTakenOnlyFromWhomItWasGivenTo(t *testing.T) {
	b := visit(t, Options{Days: 1, Stock: 100})
	f := func(who *browser, form url.Values, status int) {
		t.Helper()
		if answer, text := who.send("POST", "/book", form); answer.StatusCode != status {
			t.Errorf("%v: %d, not %d: %s", form, answer.StatusCode, status, text)
		}
	}
	with := func(field, value string) url.Values {
		form := b.fill("20210813-09", "Kim")
		form.Set(field, value)
		return form
	}
	f(another(t, b.base), b.fill("20210813-09", "Kim"), 403) // a browser without the cookie
	other := another(t, b.base)
	other.fill("20210813-09", "Lee")
	f(other, b.fill("20210813-09", "Kim"), 403) // with a cookie of its own
	f(b, with("token", ""), 403)
	f(b, with("form", "another"), 403) // a made-up form would book again
	f(b, url.Values{}, 403)
	f(b, with("slot", "20991231-09"), 404)
	f(b, with("name", ""), 422)
	f(b, with("name", "  "), 422)
	f(b, with("name", strings.Repeat("가", 61)), 422)
	f(b, with("name", "a\nb"), 422)
	f(b, with("name", "\xff"), 422)
	f(b, with("name", strings.Repeat("a", 20<<10)), 403) // too large to be read at all
	f(b, with("name", strings.Repeat("가", 60)), 303)
	if left := b.slots()[0].Left; left != 24 {
		t.Errorf("%d left, not 24", left)
	}
}

func TestItSpeaksKoreanAndEnglish(t *testing.T) {
	b := visit(t, Options{})
	f := func(accept, path, lang string) {
		t.Helper()
		b.head.Set("Accept-Language", accept)
		if text := b.get(path); !strings.Contains(text, `<html lang="`+lang+`">`) {
			t.Errorf("%q %s: not %s", accept, path, lang)
		}
	}
	f("ko-KR,ko;q=0.9,en;q=0.8", "/", "ko")
	f("en-GB", "/", "en")
	f("fr-FR,en;q=0.5", "/", "en")
	f("fr-FR", "/", "ko")
	f("", "/", "ko")
	f("ko", "/?lang=en", "en") // the switch counts above the browser
	f("ko", "/", "en")         // and is remembered
}

func TestItShowsAndRecordsWhomTheGatewayVerified(t *testing.T) {
	b := visit(t, Options{Verify: func(pass string) (string, bool) { return "AbC", pass == "good" }})
	f := func(pass, words string) {
		t.Helper()
		b.head.Set("Waitroom-Pass", pass)
		if text := b.get("/"); !strings.Contains(text, words) {
			t.Errorf("%q: no %q in %s", pass, words, text)
		}
	}
	f("good", "Verified by the gateway: pass AbC")
	f("forged", "did not come through the gateway")
	f("", "did not come through the gateway")
	var visits []Visit
	if err := json.Unmarshal([]byte(b.get("/api/visits")), &visits); err != nil || len(visits) != 3 || !visits[0].Verified || visits[1].Verified {
		t.Errorf("%v: %+v", err, visits)
	}
}

func TestPagesAreGuardedAndSelfContained(t *testing.T) {
	b := visit(t, Options{})
	for path, status := range map[string]int{"/": 200, "/book?slot=20210813-09": 200, "/book?slot=x": 404, "/book/NOSUCHNUMBER": 404, "/<script>": 404, "/static/style.css": 200} {
		answer, text := b.send("GET", path, nil)
		if answer.StatusCode != status || !strings.HasPrefix(answer.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %s %v", path, answer.Status, answer.Header)
		}
		for _, outside := range []string{"http://", "https://", "<script", " style=", "%!"} {
			if strings.Contains(text, outside) {
				t.Errorf("%s holds %s", path, outside)
			}
		}
	}
}
