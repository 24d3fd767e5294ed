package differential

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

// Names are the backends, as in tables.
var Names = []string{"nginx", "HAProxy", "Node", "net/http"}

// Understood is one request as a backend read it, whole.
type Understood struct {
	Method string `json:"method"`
	Target string `json:"target"`
	Host   string `json:"host"`
	// Length and Hash are of the body.
	Length int64  `json:"length"`
	Hash   string `json:"hash"`
	// Fields are names and values in the order in which they came.
	Fields [][2]string `json:"fields"`
}

// Has says whether a field is there.
func (u Understood) Has(name string) bool {
	for _, f := range u.Fields {
		if strings.EqualFold(f[0], name) {
			return true
		}
	}
	return false
}

func (u Understood) String() string {
	return fmt.Sprintf("%s %q of %q with %d bytes", u.Method, u.Target, u.Host, u.Length)
}

// Backend is a running server that tells what it understood. It ends with its test.
type Backend struct {
	Name, Addr string
	t          testing.TB

	mu   sync.Mutex
	seen []Understood
	more chan struct{} // told of every request, without waiting
	n    int           // barriers so far
}

// find gives the path of a backend's program, "" where it is not installed, and the
// name of its Debian package, "" where it needs none.
func find(name string) (path, debian string) {
	program := strings.ToLower(name)
	switch name {
	case "nginx", "HAProxy":
		debian = program
	case "Node":
		debian = "nodejs"
	default:
		return "", ""
	}
	// Servers are in /usr/sbin, which only root has in the path.
	for _, candidate := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, debian
		}
	}
	return "", debian
}

// Start starts a backend, or skips the test with the reason why not.
func Start(t testing.TB, name string) *Backend {
	t.Helper()
	path, debian := find(name)
	if debian != "" && path == "" {
		t.Skipf("%s is not installed here: apt-get install %s", name, debian)
	}
	b := &Backend{Name: name, t: t, more: make(chan struct{}, 1)}
	switch name {
	case "nginx":
		b.nginx(path)
	case "HAProxy":
		b.haproxy(path)
	case "Node":
		b.node(path)
	default:
		b.nethttp()
	}
	b.Take()
	return b
}

func (b *Backend) note(u Understood) {
	b.mu.Lock()
	b.seen = append(b.seen, u)
	b.mu.Unlock()
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// barrier is the target of the requests that Take sends.
const barrier = "/barrier/"

// Take waits until the backend has told of everything that came before, and gives it.
func (b *Backend) Take() []Understood {
	b.t.Helper()
	b.n++
	target := fmt.Sprintf("%s%d", barrier, b.n)
	r, err := http.Get("http://" + b.Addr + target)
	if err != nil {
		b.t.Fatalf("%s does not answer any more: %v", b.Name, err)
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	for {
		b.mu.Lock()
		for i, u := range b.seen {
			if u.Target == target {
				all := append(b.seen[:i:i], b.seen[i+1:]...)
				b.seen = nil
				b.mu.Unlock()
				return all
			}
		}
		b.mu.Unlock()
		select {
		case <-b.more:
		case <-time.After(20 * time.Second):
			b.t.Fatalf("%s did not tell of %s", b.Name, target)
		}
	}
}

func (b *Backend) nethttp() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := Understood{Method: r.Method, Target: r.RequestURI, Host: r.Host}
		for name, values := range r.Header {
			for _, v := range values {
				u.Fields = append(u.Fields, [2]string{name, v})
			}
		}
		if u.read(r.Body) != nil {
			return
		}
		b.note(u)
		_, _ = io.WriteString(w, "go")
	}))
	b.t.Cleanup(s.Close)
	b.Addr = s.Listener.Addr().String()
}

func (b *Backend) node(path string) {
	cmd := exec.Command(path, filepath.Join("testdata", "backend.mjs"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	b.run(cmd)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	var first struct{ Port int }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &first) != nil {
		b.t.Fatalf("Node did not tell its port: %v %q", lines.Err(), lines.Text())
	}
	b.Addr = fmt.Sprintf("127.0.0.1:%d", first.Port)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines.Scan() {
			var u Understood
			if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
				b.t.Errorf("Node told %q: %v", lines.Text(), err)
				return
			}
			for i, f := range u.Fields {
				u.Fields[i][1] = octets(f[1])
			}
			b.note(u)
		}
	}()
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
}

// octets undoes that Node reads each byte of a field as a letter of Latin-1.
func octets(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

const nginxConfig = `daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	upstream recorder { server %[3]s; keepalive 4; }
	server {
		listen %[2]s;
		location / {
			proxy_pass http://recorder;
			proxy_http_version 1.1;
			proxy_set_header Host $host;
			proxy_set_header Connection "";
			proxy_ignore_client_abort on;
		}
	}
}
`

const haproxyConfig = `defaults
	mode http
	timeout connect 10s
	timeout client 3s
	timeout http-keep-alive 30s
	timeout server 3s
frontend visitors
	bind %[2]s
	default_backend recorder
backend recorder
	server recorder %[3]s
`

func (b *Backend) nginx(path string) {
	b.before(nginxConfig, nginxWith(path))
}

// nginxWith is nginx as a command, with a configuration.
func nginxWith(path string) func(file, dir string) *exec.Cmd {
	return func(file, dir string) *exec.Cmd {
		return exec.Command(path, "-c", file, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	}
}

func (b *Backend) haproxy(path string) {
	b.before(haproxyConfig, func(file, _ string) *exec.Cmd { return exec.Command(path, "-db", "-f", file) })
}

// before starts a proxy with a configuration in front of a recorder, and waits for it.
func (b *Backend) before(config string, command func(file, dir string) *exec.Cmd) {
	b.t.Helper()
	r, err := record(b.note)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(r.stop)
	b.listen(config, r.Addr().String(), command)
}

// listen starts a proxy in front of an address.
func (b *Backend) listen(config, behind string, command func(file, dir string) *exec.Cmd) {
	b.t.Helper()
	dir := b.t.TempDir()
	b.Addr = gateway.FreeAddr(b.t)
	file := filepath.Join(dir, "config")
	text := fmt.Sprintf(config, dir, b.Addr, behind)
	if b.Name == "nginx" && os.Geteuid() == 0 {
		text = "user root;\n" + text // nobody, whose the workers would be, may not look into the folder
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.run(command(file, dir))
	gateway.Until(b.t, b.Name+" to listen", 20*time.Second, func() bool {
		c, err := net.Dial("tcp", b.Addr)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
}

// run starts a program that ends with the test; what it complains of is shown if that fails.
func (b *Backend) run(cmd *exec.Cmd) {
	b.t.Helper()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if b.t.Failed() {
			b.t.Logf("%s said:\n%s", b.Name, complaints.String())
		}
	})
}
