package attempts_test

import (
	"bufio"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/attempts"
	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/token"
)

// naive is a waiting room that somebody made in an afternoon: it looks at the first lines
// of a connection, lets through what no rule of its own forbids, and then copies bytes.
// It reads tokens without verifying them, takes them from anywhere, and has its
// operator's API at the visitors' door.
type naive struct {
	addr, backend, host, dir string
	key                      ed25519.PrivateKey

	mu    sync.Mutex
	count int
	ended map[string]bool   // whole tokens
	given map[string]string // id: token
}

const naiveKid = "0123456789abcdef"

// startNaive starts it in front of a backend; it ends with the test.
func startNaive(t testing.TB, backend string) *naive {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	seed := make([]byte, ed25519.SeedSize)
	n := &naive{addr: l.Addr().String(), backend: strings.TrimPrefix(backend, "http://"), host: attempts.Host, dir: t.TempDir(), key: ed25519.NewKeyFromSeed(seed), ended: map[string]bool{}, given: map[string]string{}}
	file := filepath.Join(n.dir, "keys", "pass-"+naiveKid+".key")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "waitroom key 1\nkind: pass\nsecret: " + base64.RawURLEncoding.EncodeToString(seed) + "\n"
	for _, name := range []string{file, filepath.Join(n.dir, "keys", "ticket-"+naiveKid+".key")} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var conns sync.WaitGroup
	var open sync.Map
	t.Cleanup(func() {
		_ = l.Close()
		open.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
		conns.Wait()
	})
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, nil)
			conns.Go(func() {
				defer open.Delete(c)
				defer c.Close()
				n.serve(c, &open)
			})
		}
	})
	return n
}

// site is what the attempts are tried on.
func (n *naive) site(c *canary.Canary) *attempts.Site {
	return &attempts.Site{
		URL: "http://" + n.addr, Host: n.host, Open: canary.Open, Page: "/book", Backend: c.URL, Operator: "http://" + n.addr, Token: "x", Closed: true, Canary: c,
		Gateways: []*gateway.Gateway{{URL: "http://" + n.addr, Visitors: n.addr, Dir: n.dir}},
		Front:    func(t testing.TB, backend string) string { return startNaive(t, backend).addr },
	}
}

// serve reads requests' heads, and never a body.
func (n *naive) serve(c net.Conn, open *sync.Map) {
	r := bufio.NewReader(c)
	for {
		head := ""
		for {
			line, err := r.ReadString('\n')
			if head += line; err != nil || len(head) > 2<<20 {
				return
			}
			if strings.TrimRight(line, "\r\n") == "" {
				break
			}
		}
		words := strings.Fields(head)
		if len(words) < 2 {
			continue
		}
		if answer := n.own(words[0], words[1], head); answer != "" {
			_, _ = io.WriteString(c, answer)
			continue
		}
		if !n.admits(words, head) {
			_, _ = io.WriteString(c, page(head))
			continue
		}
		b, err := net.Dial("tcp", n.backend)
		if err != nil {
			return
		}
		open.Store(b, nil)
		defer open.Delete(b)
		defer b.Close()
		go func() {
			_, _ = io.WriteString(b, head)
			_, _ = io.Copy(b, r)
			_ = b.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(c, b)
		return
	}
}

var (
	anyToken = regexp.MustCompile(`[\w-]+=*\.\t?[\w-]+=*\.[\w+/=.-]*|\{"payload":"[^\r]*`)
	forwards = regexp.MustCompile(`(?im)^(x-|forwarded|cf-|true-|client-|fastly-|cluster-|wl-|proxy|front-|via|upgrade|expect)[\w-]*[ \t]*:`)
)

// admits are the rules. Whatever they forget is let through.
func (n *naive) admits(words []string, head string) bool {
	path, _, _ := strings.Cut(words[1], "?")
	for _, found := range anyToken.FindAllString(head, -1) {
		if n.believes(found) {
			return true
		}
	}
	switch {
	case !slices.Contains(canary.Pages, words[1]) && !slices.Contains(canary.Pages, path):
		return true // not on the list of what is protected
	case words[0] != "GET" && words[0] != "POST":
		return true
	case !strings.Contains(head, "Host: "+n.host+"\r\n"):
		return true // another site's, surely
	case len(words) < 3 || words[2] != "HTTP/1.1":
		return true
	}
	return forwards.MatchString(strings.ReplaceAll(head, "X-Attempt", "Y-Attempt")) // a proxy of one's own has said it
}

// believes takes a token at its word.
func (n *naive) believes(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended[text] {
		return false
	}
	if strings.HasPrefix(text, "{") {
		return true
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Trim(strings.Split(text, ".")[1], "=\t"))
	return err == nil && json.Valid([]byte(strings.TrimSpace(string(claims)))) && strings.Contains(string(claims), `"dev"`)
}

func answered(status, head, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s", status, len(body), head, body)
}

// page is the waiting page, which thanks whoever sent the request for all that it says.
func page(head string) string {
	if strings.Contains(head, "Origin: ") {
		return answered("200 OK", "Access-Control-Allow-Origin: *\r\n", "urn:waitroom:problem:")
	}
	return answered("200 OK", "Content-Type: text/html\r\n", `<title>wait</title><body data-waitroom="page"><!-- `+strings.ReplaceAll(head, "\r\n", " ")+` -->`)
}

// own answers the waiting room's own addresses, and the operator's.
func (n *naive) own(method, target, head string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	path, _, _ := strings.Cut(target, "?")
	now := time.Now().UTC().Format(time.RFC3339Nano)
	n.count++
	device := token.NewDeviceID()
	standing := fmt.Sprintf(`{"state":"waiting","position":%d,"ticket_number":%d,"server_time":%q,"enter_at":%q}`, n.count, n.count, now, now)
	const kind = "Content-Type: application/json\r\nAccess-Control-Allow-Origin: *\r\n"
	switch {
	case path == "/.waitroom/jwks.json":
		x := base64.RawURLEncoding.EncodeToString(n.key.Public().(ed25519.PublicKey))
		return answered("200 OK", "Content-Type: application/jwk-set+json\r\n", `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"`+naiveKid+`","x":"`+x+`"}]}`)
	case strings.HasSuffix(path, "/join"):
		cookies := fmt.Sprintf("Set-Cookie: waitroom-device=%s; Path=/\r\nSet-Cookie: waitroom-ticket-booking=e30.e30.%d; Path=/\r\n", device, n.count)
		return answered("200 OK", kind+cookies, standing)
	case strings.HasSuffix(path, "/enter"):
		id := fmt.Sprintf("id%d", n.count)
		now := time.Now().Unix()
		claims := fmt.Sprintf(`{"iss":"waitroom","aud":"booking","jti":"%s","iat":%d,"nbf":%d,"exp":%d,"end":%d,"ent":%d,"gen":0,"dev":"x","brw":"y"}`, id, now, now, now+600, now+900, now*1e6)
		signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"wr-pass+jwt","kid":"`+naiveKid+`"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		pass := signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(n.key, []byte(signed)))
		n.given[id] = pass
		return answered("200 OK", kind+"Set-Cookie: waitroom-pass-booking="+pass+"; Path=/\r\n", strings.Replace(standing, "waiting", "admitted", 1))
	case strings.HasPrefix(path, "/.waitroom/"):
		if strings.Contains(head, "waitroom-ticket-booking=x") {
			return answered("403 Forbidden", kind, `{"type":"urn:waitroom:problem:broken","title":"This ticket has one part, not three"}`)
		}
		return answered("200 OK", kind, standing)
	case method == "DELETE" && strings.Contains(path, "/passes/"):
		n.ended[n.given[path[strings.LastIndexByte(path, '/')+1:]]] = true
		return answered("204 No Content", "", "")
	case strings.HasPrefix(path, "/api/rooms"):
		return answered("200 OK", kind, `{"rate":"1/h","arrivals":1}`)
	}
	return ""
}
