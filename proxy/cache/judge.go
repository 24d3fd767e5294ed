package cache

import (
	"bytes"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/forward"
)

// times are when a fetch was begun and when its answer had come.
type times struct {
	asked, came time.Time
}

// span is until when an answer may be used, and how.
type span struct {
	fresh      time.Time // without asking
	whileStale time.Time // while another is fetched
	onError    time.Time // where that fails
	born       time.Time // what Age counts from
}

// sharable says whether an answer may be given to anybody but who asked, and why not.
// It looks at the answer alone.
func sharable(f *forward.Fetched) (bool, string) {
	h := &f.Response.Header
	c := readControl(h.PeekAll(fasthttp.HeaderCacheControl))
	switch {
	case f.Command != forward.CommandNone:
		return false, "command"
	case len(h.PeekAll(fasthttp.HeaderSetCookie)) > 0:
		return false, "set-cookie"
	case c.forbids:
		return false, "cache-control"
	case !c.said && bytes.Contains(bytes.ToLower(h.Peek(fasthttp.HeaderPragma)), []byte("no-cache")):
		return false, "pragma"
	}
	return true, ""
}

// keepable are the few statuses whose answers are kept.
func keepable(status int) bool {
	switch status {
	case fasthttp.StatusOK, fasthttp.StatusNoContent, fasthttp.StatusMovedPermanently, fasthttp.StatusNotFound, fasthttp.StatusGone:
		return true
	}
	return false
}

// spanOf computes how long an answer lasts: never longer than the rule says. The rule
// counts from when it came, the backend's own length from when it was asked for (RFC 9111,
// section 4.2.3). false means that it may not be used even once more.
func spanOf(h *fasthttp.ResponseHeader, r *Rule, t times) (span, bool) {
	c := readControl(h.PeekAll(fasthttp.HeaderCacheControl))
	s := span{fresh: t.came.Add(r.TTL), born: t.asked.Add(-seconds(string(h.Peek(fasthttp.HeaderAge))))}
	end := s.fresh
	if c.bounded {
		if c.lifetime == 0 {
			return s, false
		}
		end = s.born.Add(c.lifetime)
	} else if text := h.Peek(fasthttp.HeaderExpires); text != nil {
		// What is no date is past (section 5.3).
		at, err := fasthttp.ParseHTTPDate(text)
		if end = at; err != nil || !at.After(t.came) {
			return s, false
		}
	}
	if end.Before(s.fresh) {
		s.fresh = end
	}
	while, onError := c.stales(r.Stale)
	s.whileStale, s.onError = s.fresh.Add(while), s.fresh.Add(onError)
	return s, true
}

// varies reads Vary. false is an answer that depends on what no key can hold: on
// anything (*), on cookies, credentials or addresses.
func varies(h *fasthttp.ResponseHeader) ([]string, bool) {
	var names []string
	for _, line := range h.PeekAll(fasthttp.HeaderVary) {
		for name := range strings.SplitSeq(string(line), ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			switch varyKind(name) {
			case inKey:
			case honoured:
				names = appendNew(names, name)
			default:
				return nil, false
			}
		}
	}
	return names, len(names) <= maxNames
}
