package cache

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// control is what the backend says about keeping an answer, as far as a shared cache is
// concerned (RFC 9111, section 5.2.2, and RFC 5861).
type control struct {
	said bool // there was a Cache-Control
	// forbids says private, no-store or no-cache, whatever fields it names.
	forbids bool
	// bounded says that the answer's freshness has a length of the backend's.
	bounded  bool
	lifetime time.Duration
	// strictly says that nothing stale may be used.
	strictly                bool
	whileStale, ifError     time.Duration
	hasWhileStale, hasError bool
}

// readControl reads all lines of Cache-Control. What cannot be read counts as nought, the
// most careful reading; so does the shorter of two.
func readControl(lines [][]byte) control {
	var c control
	maxAge, sMaxAge := time.Duration(-1), time.Duration(-1)
	for _, line := range lines {
		c.said = true
		for _, part := range directives(string(line)) {
			name, value, _ := strings.Cut(part, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "private", "no-store", "no-cache":
				c.forbids = true
			case "must-revalidate", "proxy-revalidate":
				c.strictly = true
			case "max-age":
				maxAge = shorter(maxAge, seconds(value))
			case "s-maxage":
				sMaxAge = shorter(sMaxAge, seconds(value))
			case "stale-while-revalidate":
				c.whileStale, c.hasWhileStale = seconds(value), true
			case "stale-if-error":
				c.ifError, c.hasError = seconds(value), true
			}
		}
	}
	if c.bounded = maxAge >= 0 || sMaxAge >= 0; sMaxAge >= 0 {
		c.lifetime = sMaxAge
	} else if maxAge >= 0 {
		c.lifetime = maxAge
	}
	// s-maxage stands for proxy-revalidate, too (section 5.2.2.10), unless the backend
	// says how long the answer may be used stale.
	if sMaxAge >= 0 {
		c.limitStale()
	}
	return c
}

func (c *control) limitStale() {
	if !c.hasWhileStale {
		c.whileStale, c.hasWhileStale = 0, true
	}
	if !c.hasError {
		c.ifError, c.hasError = 0, true
	}
}

// stales is how long an answer may be used after its freshness: while another is
// fetched, and where that fails. limit is the operator's.
func (c *control) stales(limit time.Duration) (while, onError time.Duration) {
	while, onError = limit, limit
	if c.hasWhileStale {
		while = min(while, c.whileStale)
	}
	if c.hasError {
		onError = min(onError, c.ifError)
	}
	if c.strictly {
		return 0, 0
	}
	return while, onError
}

// directives splits a list at its commas, save those within quotes. Where quotes are not
// closed there are none, so that they hide nothing.
func directives(line string) []string {
	var all []string
	quoted, from := false, 0
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quoted:
			i++ // what is escaped ends nothing
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ',' && !quoted:
			all = append(all, line[from:i])
			from = i + 1
		}
	}
	if quoted {
		return strings.Split(line, ",")
	}
	return append(all, line[from:])
}

// seconds reads a number of seconds; one that is too large is the largest (section 1.2.2).
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(strings.Trim(text, " \t\""), 10, 31)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(n) * time.Second
}

func shorter(a, b time.Duration) time.Duration {
	if a < 0 {
		return b
	}
	return min(a, b)
}
