package load

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// answer is what a visitor reads of one answer. Its slices die with the next answer on
// the same connection.
type answer struct {
	status int
	room   []byte
	state  state
	// problem is the last part of a problem's type.
	problem      []byte
	position     int64
	nextPoll     time.Duration
	enterAt      int64 // microseconds of server time, as is serverTime
	serverTime   int64
	ticket, pass []byte
	drawn        bool
	// location and body are what answers on the way to a place are read of.
	location, body []byte
	// failed says that the answer was not as it should be.
	failed bool
}

// state is a standing's state, as far as visitors act by it.
type state uint8

// The states.
const (
	other state = iota // early, paused, recovering, full: ask again
	waiting
	called
	admitted
	over // closed, sold out, not eligible: go home
)

func stateOf(word []byte) state {
	switch string(word) {
	case "waiting":
		return waiting
	case "called":
		return called
	case "admitted":
		return admitted
	case "closed", "sold_out", "not_eligible", "identify":
		return over
	}
	return other
}

// read reads an answer; false where it is no JSON object.
func (a *answer) read(from *fasthttp.Response) bool {
	*a = answer{status: from.StatusCode(), location: from.Header.Peek(fasthttp.HeaderLocation), body: from.Body()}
	return object(from.Body(), a.member)
}

func (a *answer) member(name, value []byte) {
	switch string(name) {
	case "room":
		a.room = text(value)
	case "state":
		a.state = stateOf(text(value))
	case "type":
		a.problem = value[bytes.LastIndexByte(value, ':')+1:]
		a.problem = bytes.TrimSuffix(a.problem, []byte(`"`))
	case "position":
		a.position = number(value)
	case "next_poll_ms":
		a.nextPoll = time.Duration(number(value)) * time.Millisecond
	case "enter_at":
		a.enterAt = instant(value)
	case "server_time":
		a.serverTime = instant(value)
	case "ticket":
		a.ticket = text(value)
	case "pass":
		a.pass = text(value)
	case "draw_hash":
		a.drawn = true
	}
}

// text is a JSON string's content; tokens and names have nothing that is escaped.
func text(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return value[1 : len(value)-1]
}

// number is a JSON integer; 0 for null, and for what is none.
func number(value []byte) int64 {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// instant is a time in microseconds; 0 for null.
func instant(value []byte) int64 {
	var t time.Time
	if word := text(value); word == nil || t.UnmarshalText(word) != nil {
		return 0
	}
	return t.UnixMicro()
}

// claims gives the members of a JWT's payload, unverified; false where it has none.
func claims(token []byte, buf []byte, member func(name, value []byte)) bool {
	_, rest, ok := bytes.Cut(token, []byte("."))
	payload, _, signed := bytes.Cut(rest, []byte("."))
	if !ok || !signed {
		return false
	}
	plain, err := base64.RawURLEncoding.AppendDecode(buf, payload)
	return err == nil && object(plain, member)
}

// placeOf is the place that is written in a ticket (`plc`). It is 0 where there is none: a
// draw gives places that only gateways can compute, and while the store is away a
// gateway writes a time stamp instead, which is provisional.
func placeOf(ticket []byte) (place int64, provisional bool) {
	const stamped = 2
	var buf [1024]byte
	_ = claims(ticket, buf[:0], func(name, value []byte) {
		switch string(name) {
		case "plc":
			place = number(value)
		case "flg":
			provisional = number(value)&stamped != 0
		}
	})
	if provisional {
		return 0, true
	}
	return place, false
}

// passOf is a hash of a pass's name (`jti`): of the whole token where it has none. The
// same pass may be written anew with other times, so the token is not what counts.
func passOf(pass []byte) uint64 {
	var buf [1024]byte
	name := pass
	_ = claims(pass, buf[:0], func(key, value []byte) {
		if string(key) == "jti" {
			name = value
		}
	})
	const start, prime = 14695981039346656037, 1099511628211 // FNV-1a
	sum := uint64(start)
	for _, c := range name {
		sum = (sum ^ uint64(c)) * prime
	}
	return sum
}
