package canary

import (
	"crypto/sha1" // #nosec G505 -- RFC 6455 asks for it
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Stream is an address that answers with a line every 50 ms, for up to a minute; any
// address answers a WebSocket handshake, and gives back what comes.
const Stream = "/stream"

// serveLong answers what does not end with one answer; false is something else.
func serveLong(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case r.Header.Get("Sec-WebSocket-Key") != "":
		echo(w, r)
	case r.URL.Path == Stream:
		stream(w, r)
	default:
		return false
	}
	return true
}

func stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := range 1200 {
		if _, err := fmt.Fprintf(w, "data: %d id=inside\n\n", i); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// echo takes the connection over and gives back every byte.
func echo(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // #nosec G401
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	if rw.Flush() == nil {
		_, _ = io.Copy(conn, rw)
	}
}
