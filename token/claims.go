package token

import "strconv"

// The claims are JSON in one exact form, written and read by hand: an object without white space, members in a fixed order,
// text that needs no escaping, numbers as plain decimal integers from 0 to 2^53-1. So there is one spelling of each token.

// appendNumber writes a number that the reader will take back.
func appendNumber(dst []byte, name string, n int64) []byte {
	if n < 0 || n > maxNumber {
		panic("BUG: a claim out of range: " + name + strconv.FormatInt(n, 10))
	}
	return strconv.AppendInt(append(dst, name...), n, 10)
}

// appendText writes text that needs no escaping; name ends and the caller's next member starts with the quotes.
func appendText(dst []byte, name, text string) []byte {
	if len(text) > maxText {
		panic("BUG: a claim too long: " + name)
	}
	for i := range len(text) {
		if !isPlain(text[i]) {
			panic("BUG: a claim that needs escaping: " + name)
		}
	}
	return append(append(dst, name...), text...)
}

// appendBytes writes bytes as base64url.
func appendBytes(dst []byte, name string, b []byte) []byte {
	return strict.AppendEncode(append(dst, name...), b)
}

// appendRoom writes the audience: [a-z0-9-]{1,32}.
func appendRoom(dst []byte, name, room string) []byte {
	if !isRoom(room) {
		panic("BUG: not a room's name: " + strconv.Quote(room))
	}
	return append(append(dst, name...), room...)
}

func isRoom(room string) bool {
	for i := range len(room) {
		c := room[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(room) > 0 && len(room) <= maxRoom
}

// isPlain: printable ASCII that JSON writes as it is.
func isPlain(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '\\' }

// scanner reads claims from the front. After the first mismatch it stays bad, and everything it returns is zero.
type scanner struct {
	rest []byte
	bad  bool
}

// done tells whether all was as expected and nothing is left.
func (s *scanner) done() bool { return !s.bad && len(s.rest) == 0 }

// optional steps over x if it comes next.
func (s *scanner) optional(x string) bool {
	if s.bad || len(s.rest) < len(x) || string(s.rest[:len(x)]) != x {
		return false
	}
	s.rest = s.rest[len(x):]
	return true
}

// literal steps over x, which must come next.
func (s *scanner) literal(x string) {
	if !s.optional(x) {
		s.bad = true
	}
}

// text reads up to the closing quote, which it leaves.
func (s *scanner) text(most int) []byte {
	for i, c := range s.rest {
		if c == '"' && i <= most && !s.bad {
			text := s.rest[:i]
			s.rest = s.rest[i:]
			return text
		}
		if !isPlain(c) {
			break
		}
	}
	s.bad = true
	return nil
}

// number reads a canonical decimal integer.
func (s *scanner) number() int64 {
	var n int64
	i := 0
	for ; i < len(s.rest) && i <= 16 && s.rest[i] >= '0' && s.rest[i] <= '9'; i++ {
		n = n*10 + int64(s.rest[i]-'0')
	}
	if s.bad || i == 0 || n > maxNumber || s.rest[0] == '0' && i > 1 {
		s.bad = true
		return 0
	}
	s.rest = s.rest[i:]
	return n
}

// above0 reads a number that is only written where it is not 0, behind its name.
func (s *scanner) above0(name string) int64 {
	if !s.optional(name) {
		return 0
	}
	n := s.number()
	s.bad = s.bad || n == 0
	return n
}

// seconds reads whole seconds as microseconds.
func (s *scanner) seconds() int64 {
	n := s.number()
	if n > maxNumber/second {
		s.bad = true
		return 0
	}
	return n * second
}

// bytes fills dst from base64url of exactly its length.
func (s *scanner) bytes(dst []byte) {
	n := strict.EncodedLen(len(dst))
	if s.bad || len(s.rest) < n {
		s.bad = true
		return
	}
	if _, ok := decode(dst, s.rest[:n]); !ok {
		s.bad = true
		return
	}
	s.rest = s.rest[n:]
}
