package visitor

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/token"
)

// canonical is the request with this line and these fields.
func canonical(t testing.TB, line string, fields ...string) *strict.Request {
	t.Helper()
	return canonicalAt(t, "a.kr", line, fields...)
}

func canonicalAt(t testing.TB, host, line string, fields ...string) *strict.Request {
	t.Helper()
	ctx := &fasthttp.RequestCtx{}
	raw := line + " HTTP/1.1\r\nHost: " + host + "\r\n"
	for _, f := range fields {
		raw += f + "\r\n"
	}
	if err := ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(raw + "\r\n"))); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	q := &strict.Request{}
	if no := (&strict.Filter{Cookies: NewCookies(false, nil).Own()}).Check(ctx, q); no.Refused() {
		t.Fatalf("%q is refused: %+v", raw, no)
	}
	return q
}

func TestTheWishIsReadFromWhatTheBrowserSaysAndElseFromAccept(t *testing.T) {
	const get, post = "GET /", "POST /"
	for _, c := range []struct {
		why    string
		want   Wish
		line   string
		fields []string
	}{
		{"a navigation", Page, get, []string{"Sec-Fetch-Dest: document", "Accept: text/html"}},
		{"a navigation, whatever it accepts", Page, "HEAD /", []string{"Sec-Fetch-Dest: document"}},
		{"frames hold pages", Page, get, []string{"Sec-Fetch-Dest: iframe"}},
		{"old frames, too", Page, get, []string{"Sec-Fetch-Dest: frame"}},
		{"nothing said: a person may read it", Page, get, nil},
		{"any type", Page, get, []string{"Accept: */*"}},
		{"HTML", Page, get, []string{"Accept: text/html,application/xhtml+xml,application/json;q=0.9"}},
		{"HTML and JSON alike, HTML first", Page, get, []string{"Accept: text/html, application/json"}},
		{"HTML weighs more", Page, get, []string{"Accept: application/json;q=0.1, text/html"}},
		{"JSON refused", Page, get, []string{"Accept: application/json;q=0"}},
		{"a form that a person sends", Page, post, []string{"Sec-Fetch-Dest: document", "Accept: text/html"}},
		{"JSON", Data, get, []string{"Accept: application/json"}},
		{"JSON in capitals", Data, get, []string{"Accept: Application/JSON"}},
		{"a JSON of some kind", Data, get, []string{"Accept: application/vnd.api+json, */*"}},
		{"HTML and JSON alike, JSON first", Data, get, []string{"Accept: application/json, text/html"}},
		{"JSON weighs more", Data, get, []string{"Accept: text/html;q=0.5, application/json"}},
		{"a fetch", Data, get, []string{"Sec-Fetch-Dest: empty", "Accept: text/html"}},
		{"a subresource", Data, get, []string{"Sec-Fetch-Dest: image"}},
		{"a plugin is no frame", Data, get, []string{"Sec-Fetch-Dest: embed"}},
		{"a program's unsafe method", Data, post, []string{"Accept: text/html"}},
		{"a script's unsafe method", Data, "DELETE /", []string{"Sec-Fetch-Dest: empty"}},
		{"an app shows a ticket, whatever it accepts", Data, get, []string{"Waitroom-Ticket: x", "Accept: text/html"}},
		{"or a pass", Data, get, []string{"Waitroom-Pass: x"}},
		{"a WebSocket has no page", Data, get, []string{"Upgrade: websocket", "Connection: Upgrade"}},
		{"a prefetch", Guess, get, []string{"Sec-Purpose: prefetch", "Sec-Fetch-Dest: document"}},
		{"a prerender", Guess, get, []string{"Sec-Purpose: prefetch;prerender"}},
		{"an anonymous one", Guess, get, []string{"Sec-Purpose: prefetch;anonymous-client-ip"}},
		{"in capitals", Guess, get, []string{"Sec-Purpose: Prefetch"}},
		{"before there was Sec-Purpose", Guess, get, []string{"Purpose: prefetch"}},
		{"with an app's ticket", Guess, get, []string{"Purpose: prefetch", "Waitroom-Ticket: x"}},
		{"another purpose", Page, get, []string{"Sec-Purpose: reading"}},
	} {
		c.fields = append(c.fields, "X-Last: 1")
		if got := (&Visitor{request: canonical(t, c.line, c.fields...)}).Wish(); got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
}

func TestWeightsAreReadStrictly(t *testing.T) {
	for list, want := range map[string]string{
		"a": "a 1000", "a;q=1": "a 1000", "a;q=1.000": "a 1000", "a;q=0.5": "a 500", "a;q=0.05": "a 50", "a;q=0.001": "a 1",
		"a;q=0": "a 0", "a; Q=0.5": "a 500", "a;level=1;q=0.2": "a 200", "a;q=1.001": "a 0", "a;q=2": "a 0", "a;q=": "a 0",
		"a;q=0.0001": "a 0", "a;q=-1": "a 0", "a;q=.5": "a 0", "a;q=0,5": "a 0|5 1000", "a;q=00": "a 0", "a;q=1.": "a 1000",
		" a , b;q=0.1": "a 1000|b 100", "": " 1000", ",": " 1000| 1000", "a;quality=0": "a 1000", "a;q=0x1": "a 0",
	} {
		var got []string
		for rest := []byte(list); ; {
			name, weight, next := CutMember(rest)
			got = append(got, string(name)+" "+itoa(weight))
			if rest = next; rest == nil {
				break
			}
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q: %q, want %q", list, s, want)
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func FuzzAnyListComesToItsEnd(f *testing.F) {
	f.Add([]byte("text/html;q=0.9, application/json, */*;q=0.1"))
	f.Add([]byte(";;q=,,"))
	f.Fuzz(func(t *testing.T, list []byte) {
		_ = prefersJSON(list)
		rest, n := list, 0
		for {
			var weight int
			if _, weight, rest = CutMember(rest); weight < 0 || weight > Full {
				t.Fatalf("weight %d", weight)
			}
			if n++; rest == nil {
				break
			}
		}
		if want := strings.Count(string(list), ",") + 1; n != want {
			t.Errorf("%d members, want %d", n, want)
		}
	})
}

const device = "AAAAAAAAAAAAAAAAAAAAAQ"

func TestTicketAndPassAreReadFromFieldsOrElseFromTheRoomsCookies(t *testing.T) {
	for _, c := range []struct {
		why          string
		secure       bool
		fields       []string
		ticket, pass string
		known, field bool
	}{
		{"nothing", false, nil, "", "", false, false},
		{"cookies", false, []string{"Cookie: waitroom-ticket-a=T; waitroom-pass-a=P; waitroom-device=" + device}, "T", "P", true, false},
		{"cookies of another room", false, []string{"Cookie: waitroom-ticket-b=T; waitroom-pass-b=P"}, "", "", false, false},
		{"names that begin alike", false, []string{"Cookie: waitroom-ticket-ab=T; xwaitroom-pass-a=P; waitroom-pass-a2=P"}, "", "", false, false},
		{"with the prefix where none is wanted", false, []string{"Cookie: __Host-waitroom-ticket-a=T"}, "", "", false, false},
		{"without the prefix where it is wanted", true, []string{"Cookie: waitroom-ticket-a=T; waitroom-pass-a=P; waitroom-device=" + device}, "", "", false, false},
		{"with it", true, []string{"Cookie: __Host-waitroom-ticket-a=T; __Host-waitroom-pass-a=P; __Host-waitroom-device=" + device}, "T", "P", true, false},
		{"a field wins over all cookies", false, []string{"Waitroom-Pass: F", "Cookie: waitroom-ticket-a=T; waitroom-pass-a=P; waitroom-device=" + device}, "", "F", true, true},
		{"both fields", false, []string{"Waitroom-Ticket: G", "Waitroom-Pass: F"}, "G", "F", false, true},
		{"empty fields are none", false, []string{"Waitroom-Ticket: ", "Cookie: waitroom-ticket-a=T"}, "T", "", false, false},
		{"a device that is none", false, []string{"Cookie: waitroom-device=short"}, "", "", false, false},
	} {
		cookies := NewCookies(c.secure, []string{"a", "b"})
		v := cookies.Read(canonical(t, "GET /", append(c.fields, "X-Last: 1")...), "a", nil)
		if string(v.Ticket) != c.ticket || string(v.Pass) != c.pass || v.Known != c.known || v.Header != c.field {
			t.Errorf("%s: ticket %q, pass %q, device %t, field %t", c.why, v.Ticket, v.Pass, v.Known, v.Header)
		}
		if v.Known == (v.Device.ID == [16]byte{}) {
			t.Errorf("%s: known %t with device %x", c.why, v.Known, v.Device.ID)
		}
	}
}

func TestABrowserIsToldByItsFetchMetadata(t *testing.T) {
	c := NewCookies(false, nil)
	for _, x := range []struct {
		fields             []string
		browser, embedding bool
	}{
		{[]string{"User-Agent: Mozilla/5.0"}, false, false},
		{[]string{"Sec-Fetch-Site: none"}, true, false},
		{[]string{"Sec-Fetch-Dest: document"}, true, false},
		{[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"}, true, false},
		{[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"}, true, true},
		{[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: iframe"}, true, true},
		{[]string{"Sec-Fetch-Site: same-site", "Sec-Fetch-Dest: image"}, true, false},
	} {
		if v := c.Read(canonical(t, "GET /", x.fields...), "a", nil); v.Browser != x.browser || v.Embedded != x.embedding {
			t.Errorf("%v: browser %t, embedded %t", x.fields, v.Browser, v.Embedded)
		}
	}
}

func TestATokenIsHeldByItsDeviceOrInAFieldByItsApp(t *testing.T) {
	made := func(cookie, agent string) token.Device {
		d, ok := token.DeviceOf([]byte(cookie), []byte(agent), nil)
		if !ok {
			t.Fatalf("%q is no device", cookie)
		}
		return d
	}
	mine, app := made(device, "A"), token.Device{Browser: made(device, "A").Browser}
	for _, c := range []struct {
		why   string
		v     Visitor
		made  token.Device
		holds bool
	}{
		{"the same device and browser", Visitor{Device: mine}, mine, true},
		{"the same, in a field", Visitor{Device: mine, Header: true}, mine, true},
		{"another browser", Visitor{Device: made(device, "B")}, mine, false},
		{"another device", Visitor{Device: made(newDevice(), "A")}, mine, false},
		{"no device", Visitor{Device: app}, mine, false},
		{"no device, in a field", Visitor{Device: app, Header: true}, mine, false},
		{"an app's in a field", Visitor{Device: app, Header: true}, app, true},
		{"an app's in a field, beside a device cookie", Visitor{Device: mine, Header: true}, app, true},
		{"an app's as a cookie", Visitor{Device: app}, app, false},
		{"an app's as a cookie, with a device", Visitor{Device: mine}, app, false},
		{"an app's in another program", Visitor{Device: token.Device{Browser: 1}, Header: true}, app, false},
	} {
		if got := c.v.Holds(c.made); got != c.holds {
			t.Errorf("%s: %t", c.why, got)
		}
	}
}

func TestCookiesAreWrittenAndTakenAway(t *testing.T) {
	for _, c := range []struct {
		secure bool
		set    func(Cookies, *fasthttp.RequestCtx)
		want   string
	}{
		{true, func(c Cookies, ctx *fasthttp.RequestCtx) { c.SetTicket(ctx, "a", []byte("T"), 90*time.Second) },
			"__Host-waitroom-ticket-a=T; Path=/; Max-Age=90; HttpOnly; SameSite=Lax; Secure"},
		{false, func(c Cookies, ctx *fasthttp.RequestCtx) { c.SetPass(ctx, "a", []byte("P"), time.Minute) },
			"waitroom-pass-a=P; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"},
		{true, func(c Cookies, ctx *fasthttp.RequestCtx) { c.SetPass(ctx, "a", nil, time.Minute) },
			"__Host-waitroom-pass-a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"},
		{true, func(c Cookies, ctx *fasthttp.RequestCtx) { c.SetDevice(ctx, []byte(device)) },
			"__Host-waitroom-device=" + device + "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"},
	} {
		ctx := &fasthttp.RequestCtx{}
		c.set(NewCookies(c.secure, []string{"a"}), ctx)
		for _, line := range ctx.Response.Header.Cookies() {
			if string(line) != c.want {
				t.Errorf("%s\nwant %s", line, c.want)
			}
		}
	}
	own := NewCookies(true, []string{"a"}).Own()
	for _, name := range []string{"waitroom-device", "__Host-waitroom-ticket-a", "__host-Waitroom-pass-b"} {
		if !own.Match([]byte(name)) {
			t.Errorf("%s is not our own", name)
		}
	}
	if own.Match([]byte("session")) || own.Match([]byte("my-waitroom-x")) {
		t.Error("others' cookies are our own")
	}
}

func newDevice() string {
	cookie := token.NewDeviceID()
	return string(cookie[:])
}
