package forward

import (
	"bytes"
	"fmt"
)

// maxChunkLine is longer than a chunk's size line and each trailer line may be, as in net/http.
const maxChunkLine = 4 << 10

// chunkLine finds the line at the start of buf: its text without CRLF and how
// many bytes it takes. n is 0 where the line is not whole yet.
func chunkLine(buf []byte) (line []byte, n int, err error) {
	i := bytes.IndexByte(buf, '\n')
	switch {
	case i < 0 && len(buf) >= maxChunkLine, i+1 >= maxChunkLine, i == 0, i > 0 && buf[i-1] != '\r':
		return nil, 0, fmt.Errorf("%w: chunk line", ErrNonsense)
	case i < 0:
		return nil, 0, nil
	}
	line = buf[:i-1]
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			return nil, 0, fmt.Errorf("%w: chunk line", ErrNonsense)
		}
	}
	return line, i + 1, nil
}

// chunkSize reads a size line: hexadecimal digits, 16 at most as other readers have it,
// then nothing or an extension, which is ignored.
func chunkSize(line []byte) (int64, error) {
	var n int64
	i := 0
	for ; i < len(line); i++ {
		d := hexDigit(line[i])
		if d < 0 {
			break
		}
		if n > 1<<55 || i == 16 {
			return 0, fmt.Errorf("%w: chunk size", ErrNonsense)
		}
		n = n<<4 | int64(d)
	}
	if rest := bytes.TrimLeft(line[i:], " \t"); i == 0 || len(rest) > 0 && rest[0] != ';' || len(rest) == 0 && i < len(line) {
		return 0, fmt.Errorf("%w: chunk size", ErrNonsense)
	}
	return n, nil
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// readChunksHeld decodes a chunked body that is in the buffer to its end, so
// that a short answer needs no stream. Where it is not all there, or is wrong,
// nothing is taken from the buffer, and false returned: the stream goes on from there.
func (e *exchange) readChunksHeld() bool {
	if e.ans.events {
		return false
	}
	br := e.c.br
	buf, _ := br.Peek(br.Buffered())
	_, n := decodeHeld(buf, nil, false)
	if n == 0 {
		return false
	}
	body, _ := decodeHeld(buf, e.ctx.Response.SwapBody(nil)[:0], true)
	e.ctx.Response.SwapBody(body)
	_, _ = br.Discard(n)
	return true
}

// decodeHeld walks over a chunked body at the start of buf and returns how long
// it is, 0 where it is not whole; keep says to gather what it carries.
func decodeHeld(buf, body []byte, keep bool) ([]byte, int) {
	at := 0
	for {
		line, n, err := chunkLine(buf[at:])
		if err != nil || n == 0 {
			return nil, 0
		}
		size, err := chunkSize(line)
		if err != nil {
			return nil, 0
		}
		at += n
		if size == 0 {
			break
		}
		end := int64(at) + size
		if end+2 > int64(len(buf)) || buf[end] != '\r' || buf[end+1] != '\n' {
			return nil, 0
		}
		if keep {
			body = append(body, buf[at:end]...)
		}
		at = int(end) + 2
	}
	for {
		line, n, err := chunkLine(buf[at:])
		if err != nil || n == 0 {
			return nil, 0
		}
		at += n
		if len(line) == 0 {
			return body, at
		}
	}
}
