package differential

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
)

// recorder stands behind nginx and HAProxy and keeps what they hand on. It is as
// lenient as can be, so that what is refused was refused by them.
type recorder struct {
	net.Listener
	note func(Understood)

	mu    sync.Mutex
	conns map[net.Conn]bool
	done  sync.WaitGroup
}

func record(note func(Understood)) (*recorder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{Listener: l, note: note, conns: map[net.Conn]bool{}}
	r.done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.keep(c, true)
			r.done.Go(func() {
				defer r.keep(c, false)
				r.serve(c)
			})
		}
	})
	return r, nil
}

func (r *recorder) keep(c net.Conn, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if open {
		r.conns[c] = true
		return
	}
	delete(r.conns, c)
	_ = c.Close()
}

// stop closes everything and waits for the end of it.
func (r *recorder) stop() {
	_ = r.Close()
	r.mu.Lock()
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
}

func (r *recorder) serve(c net.Conn) {
	br := bufio.NewReader(c)
	for {
		u, err := readWhole(br)
		if err != nil {
			return
		}
		r.note(u)
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
			return
		}
	}
}

// readWhole reads one request; the error tells that it did not come whole.
func readWhole(br *bufio.Reader) (Understood, error) {
	line, err := br.ReadString('\n')
	if err != nil {
		return Understood{}, err
	}
	line = strings.TrimRight(line, "\r\n")
	method, rest, _ := strings.Cut(line, " ")
	target := rest
	if at := strings.LastIndex(rest, " "); at >= 0 {
		target = rest[:at]
	}
	u := Understood{Method: method, Target: target}
	var body io.Reader = strings.NewReader("")
	for {
		if line, err = br.ReadString('\n'); err != nil {
			return u, err
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		u.Fields = append(u.Fields, [2]string{name, value})
		switch strings.ToLower(name) {
		case "host":
			u.Host = value
		case "transfer-encoding":
			body = httputil.NewChunkedReader(br)
		case "content-length":
			n, _ := strconv.ParseInt(value, 10, 64)
			body = &exactly{br, n}
		}
	}
	err = u.read(body)
	if _, isChunked := body.(*exactly); err == nil && !isChunked && u.Has("Transfer-Encoding") {
		err = skipTrailers(br)
	}
	return u, err
}

// read takes the body's length and hash.
func (u *Understood) read(body io.Reader) error {
	h := sha256.New()
	n, err := io.Copy(h, body)
	u.Length, u.Hash = n, hex.EncodeToString(h.Sum(nil))
	return err
}

// exactly is a reader of n bytes that tells when they are not all there.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func skipTrailers(br *bufio.Reader) error {
	for {
		line, err := br.ReadString('\n')
		if err != nil || strings.TrimRight(line, "\r\n") == "" {
			return err
		}
	}
}
