package strict

import (
	"bytes"
	"strings"

	"github.com/valyala/fasthttp"
)

// CookieNames are the names of the gateway's own cookies. A name that ends in
// `*` stands for all that begin with what is before it.
type CookieNames []string

// Match reports whether name is one of them. Case does not count, because the
// __Host- prefix is compared without it by browsers.
func (n CookieNames) Match(name []byte) bool {
	for _, want := range n {
		prefix, wild := strings.CutSuffix(want, "*")
		if (wild || len(name) == len(want)) && hasPrefixFold(name, prefix) {
			return true
		}
	}
	return false
}

// AppendOthers appends to dst the cookies of a Cookie field's value that are
// not the gateway's, byte for byte, and returns it. It appends nothing where
// none is left.
func (n CookieNames) AppendOthers(dst, value []byte) []byte {
	start := len(dst)
	for pair, rest := cutPair(value); pair != nil; pair, rest = cutPair(rest) {
		name, _, _ := bytes.Cut(pair, []byte{'='})
		if n.Match(trim(name)) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ';')
		} else {
			pair = trim(pair)
		}
		dst = append(dst, pair...)
	}
	return dst
}

// Any reports whether a Cookie field's value carries one of the names.
func (n CookieNames) Any(value []byte) bool {
	for pair, rest := cutPair(value); pair != nil; pair, rest = cutPair(rest) {
		name, _, _ := bytes.Cut(pair, []byte{'='})
		if n.Match(trim(name)) {
			return true
		}
	}
	return false
}

// cutPair takes the text up to the next semicolon; a nil pair is the end.
func cutPair(b []byte) (pair, rest []byte) {
	if b == nil {
		return nil, nil
	}
	if i := bytes.IndexByte(b, ';'); i >= 0 {
		return b[:i:i], b[i+1 : len(b) : len(b)]
	}
	return b, nil
}

// Own returns the value of the gateway's own cookie of that name, nil where there is
// none. Its name has to be among the filter's Cookies.
func (r *Request) Own(name string) []byte {
	for i := range r.own {
		if string(r.own[i].name) == name {
			return r.own[i].value
		}
	}
	return nil
}

// Cookie returns the value of the first cookie of that name, nil where there
// is none.
func (r *Request) Cookie(name string) []byte {
	for pair, rest := cutPair(r.fixed[Cookie]); pair != nil; pair, rest = cutPair(rest) {
		pair = trim(pair)
		if len(pair) > len(name) && pair[len(name)] == '=' && string(pair[:len(name)]) == name {
			return pair[len(name)+1:]
		}
	}
	return nil
}

// maxOwn bounds how many different gateway cookies a request may carry: a device,
// and a ticket and a pass for each room of the host that its visitor waits in.
const maxOwn = 64

// cookies refuses a gateway cookie that stands twice: which of them counts is
// then anyone's guess (a cookie tossed in by a sister host, for example). More
// different ones than maxOwn are 431, since they would not be compared.
func (f *Filter) cookies(r *Request) Refusal {
	if len(f.Cookies) == 0 || r.fixed[Cookie] == nil {
		return Refusal{}
	}
	for pair, rest := cutPair(r.fixed[Cookie]); pair != nil; pair, rest = cutPair(rest) {
		name, value, _ := bytes.Cut(trim(pair), []byte{'='})
		if !f.Cookies.Match(trim(name)) {
			continue
		}
		for i := range r.own {
			if bytes.EqualFold(trim(r.own[i].name), trim(name)) {
				return malformed("duplicate-cookie")
			}
		}
		if len(r.own) == maxOwn {
			return refuse(fasthttp.StatusRequestHeaderFieldsTooLarge, "too-many-cookies")
		}
		r.own = append(r.own, cookie{name, value})
	}
	return Refusal{}
}

// cookie is one of the gateway's own, as it was sent.
type cookie struct{ name, value []byte }
