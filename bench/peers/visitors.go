package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed joins.lua
var joinsScript []byte

//go:embed successors.lua
var successorsScript []byte

// What a browser sends: with a page, and with the requests of the waiting page's script.
var (
	pageFields = []string{
		"User-Agent: Mozilla/5.0 (Linux; Android 15; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Accept-Language: ko-KR,ko;q=0.9", "Accept-Encoding: gzip, deflate, br",
	}
	scriptFields = []string{
		pageFields[0], "Accept: */*", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty",
	}
)

const (
	// inside is how many have passes, polling how many poll, and before them in the line
	// are ahead: at their room's rate none of those who poll is called while it lasts.
	inside  = 500
	polling = 1000
	ahead   = 4000
)

// people makes visitors of a gateway and writes their cookies to a file, a line each:
// those who are let in at once where passes is set, those who wait where not.
func (s *stage) people(ctx context.Context, gateway string, passes bool) (string, error) {
	file := filepath.Join(s.dir, "people-"+strings.ReplaceAll(gateway, " ", "-"))
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	g, err := s.get(ctx, gateway)
	if err != nil {
		return "", err
	}
	want, skip, token := inside, 0, "pass"
	if !passes {
		want, skip, token = ahead+polling, ahead, "ticket"
	}
	come := gateways[gateway].come
	if come == nil {
		come = join
	}
	var lines strings.Builder
	for n := range want {
		cookies, err := come(ctx, g.addr)
		if err != nil {
			return "", err
		}
		if !strings.Contains(cookies, token+"-"+roomName+"=") {
			return "", fmt.Errorf("visitor %d was to get a %s, and got the cookies %q", n+1, token, cookies)
		}
		if n >= skip {
			lines.WriteString(cookies + "\n")
		}
	}
	return file, os.WriteFile(file, []byte(lines.String()), 0o600)
}

// join takes a place for a new visitor and gives the cookies that came with it.
func join(ctx context.Context, addr string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/.waitroom/"+roomName+"/join", nil)
	if err != nil {
		return "", err
	}
	for _, field := range scriptFields {
		name, value, _ := strings.Cut(field, ": ")
		q.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("joining was answered with %s: %s", answer.Status, body)
	}
	var cookies []string
	for _, c := range answer.Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	return strings.Join(cookies, "; "), nil
}
