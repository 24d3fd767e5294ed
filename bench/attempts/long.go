package attempts

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"waitroom/bench/gateway"
)

// body is what comes on a connection that goes on.
type body struct {
	conn net.Conn
	mu   sync.Mutex
	text []byte
	over bool
}

// stream asks for an address with a visitor's pass, and reads on until stop is called.
func (s *Stage) stream(v *gateway.Visitor, target string, fields ...string) (b *body, stop func()) {
	s.Helper()
	c, err := s.dial(s.address(0))
	if err != nil {
		s.Fatal(err)
	}
	b = &body{conn: c}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			b.mu.Lock()
			b.text = append(b.text, buf[:n]...)
			b.over = err != nil
			b.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	stop = func() { _ = c.Close(); <-done }
	if _, err := io.WriteString(c, s.fill(get(target, with(shown(v), fields...)...), "")); err != nil {
		stop()
		s.Fatal(err)
	}
	if !gateway.Eventually(10*time.Second, func() bool { return strings.Contains(b.tail(), "\r\n\r\n") }) {
		stop()
		s.Fatalf("%s did not begin", target)
	}
	return b, stop
}

func (b *body) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over
}

func (b *body) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text[max(0, len(b.text)-maxEvidence):])
}

// revoke ends a visitor's pass, as an operator does.
func (s *Stage) revoke(v *gateway.Visitor) {
	s.Helper()
	s.revokeID(claimID(v.Cookies[s.passCookie(v)]))
}

// claimID is the id in a pass.
func claimID(pass string) string {
	parts := strings.Split(pass, ".")
	var c struct {
		ID string `json:"jti"`
	}
	if len(parts) == 3 {
		text, _ := b64.DecodeString(parts[1])
		_ = json.Unmarshal(text, &c)
	}
	return c.ID
}

// revokeID ends a pass by its id.
func (s *Stage) revokeID(id string) {
	s.Helper()
	q, err := http.NewRequestWithContext(s.Context(), http.MethodDelete, s.Operator+"/api/rooms/"+s.Room+"/passes/"+id, nil)
	if err != nil {
		s.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+s.Token)
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		s.Fatal(err)
	}
	defer a.Body.Close()
	if a.StatusCode/100 != 2 {
		s.Fatalf("revoke pass %s: %d", id, a.StatusCode)
	}
}

// handshake are the fields of a WebSocket.
var handshake = []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}

func sockets(s *Stage) {
	second := get("{page}?{mark}")
	shots := []Shot{
		{Name: "no pass", Text: get("{page}", with(handshake, marked)...)},
		{Name: "no pass, and a request in the tunnel", Text: get("{page}", with(handshake, marked)...) + second},
		{Name: "a made-up pass", Text: get("{page}", with(handshake, marked, "Waitroom-Pass: a.b.c")...)},
		{Name: "own Origin", Text: get("{page}", with(handshake, marked, "Origin: http://{host}")...)},
		{Name: "as a browser", Text: get("{page}", with(handshake, marked, "Sec-Fetch-Mode: websocket", "Sec-Fetch-Dest: websocket", "Sec-Fetch-Site: same-origin")...)},
		{Name: "POST", Text: request("POST", "{page}", with(handshake, marked, "Content-Length: 0")...)},
		{Name: "HTTP/1.0", Text: strings.Replace(get("{page}", with(handshake, marked)...), "HTTP/1.1", "HTTP/1.0", 1) + second},
		{Name: "the gateway's own address", Text: get("/.waitroom/{room}/status", with(handshake, marked)...) + second},
	}
	// With a pass, a handshake that fails must not leave a tunnel behind.
	v := s.Insider()
	for _, bad := range []string{"Sec-WebSocket-Version: 777", "Sec-WebSocket-Version: 12", "Sec-WebSocket-Version: ", "Sec-WebSocket-Version: 13, 777", "X: y"} {
		fields := with(shown(v), "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", bad)
		shots = append(shots, Shot{Name: "with a pass, " + bad + ", and a request behind it", Text: get("{page}", fields...) + second})
	}
	for _, key := range []string{"Sec-WebSocket-Key: x", "Sec-WebSocket-Key: ", "X: y"} {
		fields := with(shown(v), "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", key)
		shots = append(shots, Shot{Name: "with a pass, " + key + ", and a request behind it", Text: get("{page}", fields...) + second})
	}
	// With a pass, a page of another origin must not listen in.
	for _, origin := range []string{"http://evil.example", "https://evil.{host}", "http://{host}.evil.example", "http://{host}:1", "null", "", "{host}", "file://"} {
		fields := with(shown(v), with(handshake, "Origin: "+origin)...)
		shots = append(shots, Shot{Name: "with a pass, from a page of " + origin, Text: get("{page}?{mark}", fields...)})
	}
	s.Shoot(shots)
	if len(s.Gateways) == 0 || s.Canary == nil {
		s.Log("the end of a pass in an open tunnel was not tried: it needs a gateway of its own")
		return
	}
	v = s.Insider()
	b, stop := s.stream(v, "{page}", handshake...)
	defer stop()
	if !strings.Contains(b.tail(), " 101 ") {
		s.Fatalf("no tunnel with a pass: %s", b.tail())
	}
	s.Tried()
	s.revoke(v)
	if !gateway.Eventually(10*time.Second, b.ended) {
		s.Through(Finding{Variant: "revoked", Sent: "a WebSocket handshake with a pass", Answer: b.tail(), Why: "ten seconds after its pass was ended the tunnel is open"})
	}
}

// origin asks the backend directly.
func origin(s *Stage) {
	v := s.Insider()
	pass := v.Cookies[s.passCookie(v)]
	parts := strings.Split(pass, ".")
	if len(parts) != 3 {
		s.Fatalf("the visitor's pass is no JWT")
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	to := strings.TrimPrefix(strings.TrimPrefix(s.Backend, "http://"), "https://")
	to, _, _ = strings.Cut(to, "/")
	for name, fields := range map[string][]string{
		"no pass":                    nil,
		"a made-up pass":             {"Waitroom-Room: {room}", "Waitroom-Pass: a.b.c"},
		"a pass of algorithm none":   {"Waitroom-Room: {room}", "Waitroom-Pass: " + none},
		"a pass with another's key":  {"Waitroom-Room: {room}", "Waitroom-Pass: " + foreignPass(parts[1])},
		"a pass with no signature":   {"Waitroom-Room: {room}", "Waitroom-Pass: " + parts[0] + "." + parts[1] + "."},
		"a pass of another room":     {"Waitroom-Room: another", "Waitroom-Pass: " + pass},
		"as if from the gateway":     {"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: {host}", "Via: 1.1 waitroom"},
		"the gateway's cookies only": {shown(v)[1]},
	} {
		text := s.fill(get("{page}", fields...), "")
		reply, err := s.Exchange(to, text)
		s.Tried()
		if errors.Is(err, os.ErrDeadlineExceeded) || err != nil {
			continue // it takes no connection: that is the best answer
		}
		for _, a := range split(reply) {
			if a.status < 400 {
				s.Through(Finding{Variant: name, Sent: text, Answer: reply, Why: "the backend answered around the gateway"})
			}
		}
	}
}
