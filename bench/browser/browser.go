// Package browser is a real Chromium for Go tests, driven by playwright-core in a Node
// process beside the test.
//
// It promises that what a test sees is what the browser did: nothing is simulated but
// what a test asks for (a clock, an outage, a forged answer). It needs node, npm and
// chromium, and says so where one is missing.
package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Browser is one running Chromium. It may be used by many goroutines.
type Browser struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	end chan struct{}

	mu      sync.Mutex
	next    int
	waiting map[int]chan answer
}

type answer struct {
	ID    int             `json:"id"`
	Value json.RawMessage `json:"value"`
	Error string          `json:"error"`
}

// startLimit and callLimit bound the waits for the browser.
const (
	startLimit = time.Minute
	callLimit  = time.Minute
)

// folder is where this package and its scripts are.
func folder() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// Install brings the Node packages where they are missing.
func Install() error {
	dir := folder()
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "playwright-core")); err == nil {
		return nil
	}
	if out, err := exec.Command("npm", "ci", "--prefix", dir, "--no-audit", "--no-fund").CombinedOutput(); err != nil {
		return fmt.Errorf("the Node packages of %s are missing, and npm ci did not bring them: %w\n%s", dir, err, out)
	}
	return nil
}

// Launch starts a browser; env is added to the environment of it and of Node. Close it.
func Launch(env ...string) (*Browser, error) {
	dir := folder()
	if err := Install(); err != nil {
		return nil, err
	}
	cmd := exec.Command("node", "remote.mjs")
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), env...), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node (apt-get install nodejs npm chromium): %w", err)
	}
	b := &Browser{cmd: cmd, in: in, end: make(chan struct{}), next: 1, waiting: map[int]chan answer{0: make(chan answer, 1)}}
	there := b.waiting[0]
	go b.read(out)
	select {
	case <-there:
		return b, nil
	case <-b.end:
	case <-time.After(startLimit):
	}
	b.Close()
	return nil, errors.New("the browser did not start: is chromium there (apt-get install chromium), or named by CHROMIUM?")
}

// Close ends the browser.
func (b *Browser) Close() {
	_ = b.in.Close()
	select {
	case <-b.end:
	case <-time.After(10 * time.Second):
		_ = b.cmd.Process.Kill()
		<-b.end
	}
	_ = b.cmd.Wait()
}

// read hands answers to those who wait for them, until the browser ends.
func (b *Browser) read(out io.Reader) {
	defer close(b.end)
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(line, &a) != nil {
			continue
		}
		b.mu.Lock()
		c := b.waiting[a.ID]
		delete(b.waiting, a.ID)
		b.mu.Unlock()
		if c != nil {
			c <- a
		}
	}
}

// do asks the browser for one act.
func (b *Browser) do(act, tab string, more map[string]any) (json.RawMessage, error) {
	c := make(chan answer, 1)
	b.mu.Lock()
	id := b.next
	b.next++
	b.waiting[id] = c
	line := map[string]any{"id": id, "do": act, "tab": tab}
	for name, value := range more {
		line[name] = value
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = b.in.Write(append(text, '\n'))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case a := <-c:
		if a.Error != "" {
			return nil, errors.New(a.Error)
		}
		return a.Value, nil
	case <-b.end:
		return nil, errors.New("the browser has ended")
	case <-time.After(callLimit):
		return nil, fmt.Errorf("%s: no answer of the browser within %s", act, callLimit)
	}
}

// Tab is one tab. Its methods fail the test where the browser cannot do what is asked.
type Tab struct {
	t    testing.TB
	b    *Browser
	name string
}

// Options are how a context differs from an ordinary one.
type Options struct {
	// Init is script that runs before that of any page.
	Init string
	// Agent is what the browser calls itself; "" is its own name.
	Agent string
}

// Open opens a tab in a context of its own: no cookies, no storage of others. It is
// closed with the test.
func (b *Browser) Open(t testing.TB, o Options) *Tab {
	t.Helper()
	options := map[string]any{}
	if o.Agent != "" {
		options["userAgent"] = o.Agent
	}
	tab := b.tab(t, map[string]any{"options": options, "init": o.Init})
	t.Cleanup(func() { _, _ = b.do("close", tab.name, nil) })
	return tab
}

// Beside opens another tab of the same context.
func (t *Tab) Beside() *Tab {
	t.t.Helper()
	return t.b.tab(t.t, map[string]any{"beside": t.name})
}

func (b *Browser) tab(t testing.TB, more map[string]any) *Tab {
	t.Helper()
	b.mu.Lock()
	b.next++
	tab := &Tab{t: t, b: b, name: "tab" + strconv.Itoa(b.next)}
	b.mu.Unlock()
	tab.act("open", more, nil)
	return tab
}

func (t *Tab) act(act string, more map[string]any, into any) {
	t.t.Helper()
	value, err := t.b.do(act, t.name, more)
	if err == nil && into != nil {
		err = json.Unmarshal(value, into)
	}
	if err != nil {
		t.t.Fatalf("%s: %v", act, err)
	}
}

// Arrived is how a navigation ended: a status, or why there was none.
type Arrived struct {
	Status int    `json:"status"`
	Failed string `json:"failed"`
}

// Goto navigates.
func (t *Tab) Goto(url string) (a Arrived) {
	t.t.Helper()
	t.act("goto", map[string]any{"url": url}, &a)
	return a
}

// Reload reloads the page.
func (t *Tab) Reload() (a Arrived) {
	t.t.Helper()
	t.act("reload", nil, &a)
	return a
}

// Run runs script in the page and reads its value into a variable; nil takes none.
func (t *Tab) Run(code string, into any) {
	t.t.Helper()
	t.act("run", map[string]any{"code": code}, into)
}

// Try is Run where a page that goes away meanwhile is no failure.
func (t *Tab) Try(code string, into any) error {
	value, err := t.b.do("run", t.name, map[string]any{"code": code})
	if err == nil && into != nil {
		err = json.Unmarshal(value, into)
	}
	return err
}

// Offline cuts the context off the network, or connects it again.
func (t *Tab) Offline(yes bool) {
	t.t.Helper()
	t.act("offline", map[string]any{"value": yes}, nil)
}

// Cookie is a cookie as the browser has it.
type Cookie struct {
	Name     string  `json:"name"`
	Value    string  `json:"value"`
	Domain   string  `json:"domain"`
	Path     string  `json:"path"`
	Expires  float64 `json:"expires"`
	HTTPOnly bool    `json:"httpOnly"`
	Secure   bool    `json:"secure"`
	SameSite string  `json:"sameSite"`
}

// Cookies are those of the context.
func (t *Tab) Cookies() (all []Cookie) {
	t.t.Helper()
	t.act("cookies", nil, &all)
	return all
}

// Give puts cookies into the context.
func (t *Tab) Give(all []Cookie) {
	t.t.Helper()
	t.act("give", map[string]any{"cookies": all}, nil)
}

// Forge answers all requests that match the pattern itself, with a body.
func (t *Tab) Forge(pattern string, status int, body string) {
	t.t.Helper()
	t.act("forge", map[string]any{"pattern": pattern, "status": status, "body": body}, nil)
}

// Rewrite lets requests that match through, and writes values over those of the JSON
// that comes back.
func (t *Tab) Rewrite(pattern string, values map[string]any) {
	t.t.Helper()
	t.act("rewrite", map[string]any{"pattern": pattern, "values": values}, nil)
}

// Honest ends Forge and Rewrite.
func (t *Tab) Honest() {
	t.t.Helper()
	t.act("unroute", nil, nil)
}
