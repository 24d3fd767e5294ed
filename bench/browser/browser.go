// Package browser is a real Chromium for Go, driven by playwright-core in a Node process
// beside the program or test: a Page for programs, a Tab for tests.
//
// It promises that what its caller sees is what the browser did: nothing is simulated but
// what is asked for (a clock, an outage, a forged answer). It needs node, npm and
// chromium, and says so where one is missing.
package browser

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
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

// Chromium is where the browser is unless CHROMIUM names another.
const Chromium = "/usr/bin/chromium"

// folder is where this package and its scripts are. A program that was built without the paths of its source looks above the
// working directory, and above itself.
func folder() string {
	_, file, _, _ := runtime.Caller(0)
	if filepath.IsAbs(file) {
		return filepath.Dir(file)
	}
	here, _ := os.Getwd()
	program, _ := os.Executable()
	for _, dir := range []string{here, filepath.Dir(program)} {
		for ; ; dir = filepath.Dir(dir) {
			scripts := filepath.Join(dir, "bench", "browser")
			if _, err := os.Stat(filepath.Join(scripts, "remote.mjs")); err == nil {
				return scripts
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return filepath.Join("bench", "browser")
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

// Missing says what a browser needs and is not there, and brings nothing.
func Missing() error {
	if _, err := exec.LookPath("node"); err != nil {
		return errors.New("node was not found (apt-get install nodejs)")
	}
	chromium := cmp.Or(os.Getenv("CHROMIUM"), Chromium)
	if _, err := os.Stat(chromium); err != nil {
		return fmt.Errorf("%s was not found (apt-get install chromium, or name it by CHROMIUM)", chromium)
	}
	if _, err := os.Stat(filepath.Join(folder(), "node_modules", "playwright-core")); err != nil {
		return fmt.Errorf("playwright-core was not found (npm ci --prefix %s)", folder())
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
