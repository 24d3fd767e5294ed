package attempts

import (
	"fmt"
	"strings"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// marked is the field that carries a shot's mark.
const marked = "X-Attempt: {mark}"

// navigating are the fields of a browser that goes to an address, and asking those of an
// app.
var (
	navigating = []string{"Accept: text/html,*/*;q=0.8", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none"}
	asking     = []string{"Accept: application/json", "Sec-Fetch-Dest: empty"}
)

// get is a request for a target, with more fields.
func get(target string, fields ...string) string { return request("GET", target, fields...) }

// request is a request without a body.
func request(method, target string, fields ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: {host}\r\n" + lines(fields) + "\r\n"
}

func lines(fields []string) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String()
}

// with is fields and more of them.
func with(fields []string, more ...string) []string {
	return append(append([]string{}, fields...), more...)
}

// shown are the fields by which a visitor's browser is known.
func shown(v *gateway.Visitor) []string {
	pairs := ""
	for name, value := range v.Cookies {
		pairs += "; " + name + "=" + value
	}
	return []string{"User-Agent: " + v.Agent, "Cookie: " + strings.TrimPrefix(pairs, "; ")}
}

func deepLinks(s *Stage) {
	var shots []Shot
	for _, page := range append([]string{"{page}", "/index.html", "/robots.txt", "/sitemap.xml", "/api/", "/admin/", "/.git/config", "/.well-known/x"}, canary.Pages...) {
		shots = append(shots,
			Shot{Name: "browser " + page, Text: get(page, with(navigating, marked)...)},
			Shot{Name: "app " + page, Text: get(page, with(asking, marked)...)},
			Shot{Name: "program " + page, Text: get(page, marked)})
	}
	s.Shoot(shots)
}

func doors(s *Stage) {
	name, _, _ := strings.Cut(s.Host, ":")
	parent := name
	if _, rest, ok := strings.Cut(name, "."); ok {
		parent = rest
	}
	var shots []Shot
	for _, host := range []string{
		"m." + name, "api." + name, "old." + name, "www." + name, "origin." + name, "direct." + name, "staging." + name, "www2." + parent, "m." + parent,
		parent, "localhost", "127.0.0.1", "[::1]", "0.0.0.0", "internal", "backend", "evil.example", name + ".evil.example", strings.ToUpper(name), name + ".",
		name + ":80", name + ":443", name + ":8080", name + ":9000",
	} {
		for _, more := range []string{"X-Forwarded-Proto: https", "X-Forwarded-Port: 443", "X-Forwarded-Host: {host}"} {
			shots = append(shots, Shot{Name: host + ", " + more, Text: "GET {page} HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n" + marked + "\r\n\r\n"})
		}
	}
	s.Shoot(shots)
}

func spellings(s *Stage) {
	var shots []Shot
	for _, path := range paths(s.Page, s.Open) {
		shots = append(shots,
			Shot{Name: fmt.Sprintf("GET %q", path), Text: get(path, marked)},
			Shot{Name: fmt.Sprintf("POST %q", path), Text: request("POST", path, marked, "Content-Length: 0")})
	}
	s.Shoot(shots)
}

func otherTargets(s *Stage) {
	var shots []Shot
	for _, name := range targetFields {
		for _, value := range []string{"/static/x", "{page}", "/.waitroom/jwks.json", "http://127.0.0.1/"} {
			shots = append(shots, Shot{Name: name + ": " + value, Text: get("{page}", name+": "+value, marked)})
		}
		shots = append(shots, s.onOpen(name, "{page}?{mark}")...)
	}
	s.Shoot(shots)
}

func otherMethods(s *Stage) {
	var shots []Shot
	for _, name := range methodFields {
		for _, method := range []string{"GET", "OPTIONS", "HEAD", "TRACE", "PROPFIND"} {
			shots = append(shots, Shot{Name: name + ": " + method, Text: request("POST", "{page}", name+": "+method, marked, "Content-Length: 0")})
		}
		shots = append(shots, s.onOpen(name, "{mark}")...)
	}
	for _, query := range []string{"_method=OPTIONS", "_METHOD=GET", "method=HEAD", "X-HTTP-Method-Override=GET"} {
		shots = append(shots, Shot{Name: "?" + query, Text: request("POST", "{page}?"+query, marked, "Content-Length: 0")})
	}
	s.Shoot(shots)
}

// onOpen sends a field to an address that needs no pass: the backend must not get it.
func (s *Stage) onOpen(name, value string) []Shot {
	if s.Open == "" || s.Canary == nil {
		return nil
	}
	var shots []Shot
	for _, n := range []string{name, strings.ToLower(name), strings.ReplaceAll(name, "-", "_")} {
		shots = append(shots, Shot{Name: n + " on an open address", Text: get("{open}x", n+": "+value), Carried: true})
	}
	return shots
}

func methodsTried(s *Stage) {
	var shots []Shot
	for _, m := range methods {
		shots = append(shots,
			Shot{Name: m, Text: request(m, "{page}", marked)},
			Shot{Name: m + " with a length of nought", Text: request(m, "{page}", marked, "Content-Length: 0")},
			Shot{Name: m + " with a body", Text: request(m, "{page}", marked, "Content-Length: 5") + "hello"})
	}
	s.Shoot(shots)
}

func lyingHosts(s *Stage) {
	var shots []Shot
	for _, line := range hostLines {
		shots = append(shots, Shot{Name: fmt.Sprintf("%q", line), Text: "GET {page} HTTP/1.1\r\n" + line + "\r\n" + marked + "\r\n\r\n"})
	}
	for _, target := range []string{
		"http://evil.example{page}", "http://{host}{page}", "https://{host}{page}", "ftp://{host}{page}", "http://{host}@evil.example{page}", "http://evil.example@{host}{page}",
		"//{host}{page}", "http:{page}", "http:///{page}", "http://{host}:99999{page}", "http://[::1]{page}", "http://127.0.0.1{page}", "HTTP://{host}{page}", "ws://{host}{page}", "file://{page}",
	} {
		shots = append(shots, Shot{Name: "target " + target, Text: get(target, marked)})
	}
	s.Shoot(shots)
}

func otherAddresses(s *Stage) {
	var shots []Shot
	for _, name := range addressFields {
		for _, value := range []string{"127.0.0.1", "::1", "10.0.0.1", "66.249.66.1", "127.0.0.1, 10.0.0.1", "localhost", "\"127.0.0.1\"", "for=127.0.0.1;proto=https"} {
			shots = append(shots, Shot{Name: name + ": " + value, Text: get("{page}", name+": "+value, marked)})
		}
		shots = append(shots, s.onOpen(name, "{mark}")...)
	}
	s.Shoot(shots)
}

func ownFields(s *Stage) {
	var shots []Shot
	for _, name := range []string{"Waitroom-Pass", "Waitroom-Room", "Waitroom-Subject", "Waitroom-Ticket", "Waitroom-Command", "Waitroom-Proof", "Waitroom-Anything"} {
		shots = append(shots,
			Shot{Name: name, Text: get("{page}", name+": {mark}")},
			Shot{Name: name + " and Connection", Text: get("{page}", name+": {mark}", "Connection: "+name)})
		shots = append(shots, s.onOpen(name, "{mark}")...)
	}
	s.Shoot(shots)
	if s.Canary == nil {
		return
	}
	// With a pass, what the gateway says must come through whatever Connection names.
	v := s.Insider()
	for _, name := range []string{"Waitroom-Pass", "Waitroom-Room", "waitroom-pass, waitroom-room", "Host", "X-Forwarded-For"} {
		mark := s.Mark()
		text := s.fill(get("{page}?{mark}", with(shown(v), "Connection: "+name)...), mark)
		reply, err := s.Exchange(s.address(0), text)
		if err != nil {
			s.Fatal(err)
		}
		s.Tried()
		for _, got := range s.Canary.Marked(mark) {
			if got.Pass == "" || got.Room == "" || got.Host != s.Host || got.Header.Get("X-Forwarded-For") == "" {
				s.Through(Finding{Variant: "Connection: " + name, Sent: text, Answer: reply, Backend: fmt.Sprint(got, got.Header), Why: "what the gateway says of the visitor was taken away"})
			}
		}
	}
}

func upgrades(s *Stage) {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	shots := []Shot{{Name: "preface", Text: preface + get("{page}?{mark}")}, {Name: "a TLS handshake", Text: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + get("{page}?{mark}")}}
	for _, token := range []string{"h2c", "h2", "HTTP/2.0", "websocket, h2c", "h2c, websocket", "TLS/1.0", "IRC/6.9", "connect-udp", "spdy/3", "Websocket2"} {
		fields := []string{"Upgrade: " + token, "HTTP2-Settings: AAMAAABkAAQAAP__"}
		for _, options := range []string{"Upgrade, HTTP2-Settings", "upgrade", "keep-alive, Upgrade", "HTTP2-Settings"} {
			shots = append(shots, Shot{Name: token + ", Connection: " + options, Text: get("{page}?{mark}", with(fields, "Connection: "+options)...) + preface + get("{page}?{mark}")})
		}
		if s.Open != "" && s.Canary != nil {
			shots = append(shots, Shot{Name: token + " on an open address", Carried: true, Text: get("{open}x", "Upgrade: "+token+", {mark}", "HTTP2-Settings: {mark}", "Connection: Upgrade, HTTP2-Settings")})
		}
	}
	s.Shoot(shots)
}

func tunnels(s *Stage) {
	var shots []Shot
	for _, line := range []string{
		"CONNECT {host}:80", "CONNECT {host}", "CONNECT {page}", "CONNECT 127.0.0.1:9000", "CONNECT *", "connect {host}:80", "TRACE {page}", "TRACE /", "TRACE *", "TRACK {page}",
		"OPTIONS *", "GET *", "HEAD *", "OPTIONS {page}", "DEBUG {page}",
	} {
		text := line + " HTTP/1.1\r\nHost: {host}\r\n" + marked + "\r\n\r\n"
		shots = append(shots, Shot{Name: line, Text: text}, Shot{Name: line + ", and a request in the tunnel", Text: text + get("{page}?{mark}")})
	}
	for _, method := range []string{"TRACE", "TRACK", "DEBUG"} {
		if s.Open != "" {
			shots = append(shots, Shot{Name: method + " of an open address", Text: request(method, "{open}x", marked)})
		}
	}
	s.Shoot(shots)
}

func streams(s *Stage) {
	v := s.Insider()
	body, stop := s.stream(v, "/stream")
	defer stop()
	s.Tried()
	s.revoke(v)
	if !gateway.Eventually(10*time.Second, func() bool { return body.ended() }) {
		s.Through(Finding{Variant: "revoked", Sent: "GET /stream", Answer: body.tail(), Why: "ten seconds after its pass was ended the answer goes on"})
	}
}

func twice(s *Stage) {
	v := s.Insider()
	pass, ticket := s.passCookie(v), s.cookie(v, "ticket-"+s.Room)
	agent := "User-Agent: " + v.Agent
	all, twin := shown(v)[1], pass+"="+v.Cookies[pass]
	var shots []Shot
	for _, cookie := range []string{
		all + "; " + pass + "=x", "Cookie: " + pass + "=x; " + all[len("Cookie: "):], all + "; " + twin, all + "; " + strings.ToUpper(pass) + "=x",
		all + "\r\n" + all, all + "\r\nCookie: " + pass + "=x", all + "; " + ticketName(ticket, s) + "=a; " + ticketName(ticket, s) + "=b", all + ";" + pass + " =x",
		all + "\r\nWaitroom-Pass: " + v.Cookies[pass] + "\r\nWaitroom-Pass: x", all + "\r\nHost: {host}",
	} {
		shots = append(shots, Shot{Name: cookie[len(all)-min(len(all), len(cookie)):], Text: get("{page}?{mark}", agent, cookie)})
	}
	for i := range shots {
		shots[i].Name = fmt.Sprintf("twin %d", i+1)
	}
	s.Shoot(shots)
}

func ticketName(found string, s *Stage) string {
	if found != "" {
		return found
	}
	return "waitroom-ticket-" + s.Room
}
