// Package allow knows who goes to the backend without a pass: an operator's monitor, a search
// engine's crawler.
//
// Everything is refused that no rule names. A rule names paths and methods, and who may ask for
// them by address, by reverse name or by a secret in a header; all that it names has to hold. The
// decision is made on the canonical request alone. Each use is told to the log, in bounds.
package allow

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"waitroom/proxy/strict"
)

// Rule lets some requests through. One without paths, without methods or without any of Addresses,
// Names and Header lets nothing through.
type Rule struct {
	Name string
	// Paths are as a canonical request has them: prefixes that end in "/", or exact.
	Paths   []string
	Methods []string
	// Addresses are those that may ask; none asks for no address.
	Addresses []netip.Prefix
	// Names are what the address's confirmed reverse name has to end in, at a dot; none asks for no name.
	Names []string
	// Header is the field whose value has to be Secret; "" asks for none.
	Header, Secret string
}

// Options are what a List is made of.
type Options struct {
	Room  string
	Rules []Rule
	// Names confirm reverse names; they are needed where a rule has any.
	Names *Names
	Log   *zap.Logger
}

// List is the rules of one room. Make it with New; the nil List lets nothing through.
type List struct {
	rules   []rule
	headers []string
	names   *Names
	log     *zap.Logger
}

type rule struct {
	Rule
	secret [sha256.Size]byte
	audit  audit
}

// New makes a list; nil where there are no rules.
func New(o Options) *List {
	if len(o.Rules) == 0 {
		return nil
	}
	l := &List{rules: make([]rule, len(o.Rules)), names: o.Names, log: o.Log.With(zap.String("room", o.Room))}
	for i, r := range o.Rules {
		l.rules[i].Rule, l.rules[i].secret = r, sha256.Sum256([]byte(r.Secret))
		if r.Header != "" {
			l.headers = append(l.headers, r.Header)
		}
	}
	return l
}

// Use is a rule that lets a request through; the zero value is none.
type Use struct{ rule *rule }

// Given says whether there is one.
func (u Use) Given() bool { return u.rule != nil }

// Match finds a rule that lets the request through. From gives the visitor's address; it is asked
// only where path and method fit. It blocks for a moment where a reverse name is to be found out.
func (l *List) Match(q *strict.Request, from func() netip.Addr) Use {
	if l == nil {
		return Use{}
	}
	var addr netip.Addr
	for i := range l.rules {
		r := &l.rules[i]
		if !r.covers(q) {
			continue
		}
		if !addr.IsValid() {
			addr = from().Unmap()
		}
		if r.knows(q, addr, l.names) {
			return Use{r}
		}
	}
	return Use{}
}

func (r *rule) covers(q *strict.Request) bool {
	if !slices.Contains(r.Methods, q.Method) {
		return false
	}
	for _, p := range r.Paths {
		if string(q.Path) == p || strings.HasSuffix(p, "/") && strings.HasPrefix(string(q.Path), p) {
			return true
		}
	}
	return false
}

// knows says whether all that the rule asks for holds. The name, which may take a while, comes last.
func (r *rule) knows(q *strict.Request, addr netip.Addr, names *Names) bool {
	if len(r.Addresses) == 0 && len(r.Names) == 0 && r.Header == "" {
		return false
	}
	if len(r.Addresses) > 0 && !strict.Trusted(addr, r.Addresses) {
		return false
	}
	if r.Header != "" {
		// Hashes are of one length, so that the time tells nothing of the secret.
		shown := sha256.Sum256(q.Get(r.Header))
		if r.Secret == "" || subtle.ConstantTimeCompare(shown[:], r.secret[:]) != 1 {
			return false
		}
	}
	return len(r.Names) == 0 || names.Confirmed(addr, r.Names)
}

// Strip takes the secrets' fields out of what goes on to a backend.
func (l *List) Strip(q *strict.Request) {
	if l == nil {
		return
	}
	for _, name := range l.headers {
		for i := range q.Fields {
			if f := &q.Fields[i]; len(f.Name) == len(name) && strings.EqualFold(string(f.Name), name) {
				f.Kind = strict.Override
			}
		}
	}
}

// Tell writes a use into the log: a rule's first ones of each second, and how many were left out.
func (l *List) Tell(u Use, q *strict.Request, addr netip.Addr, now time.Time) {
	left, yes := u.rule.audit.next(now)
	if !yes {
		return
	}
	l.log.Info("a request went through without a pass", zap.String("allow", u.rule.Name), zap.Stringer("address", addr),
		zap.String("method", q.Method), zap.ByteString("path", q.Path), zap.Uint64("left_out", left))
}

// perSecond is how many uses of a rule are told in a second.
const perSecond = 10

// audit bounds what is told of one rule.
type audit struct {
	mu     sync.Mutex
	second int64
	told   int
	left   uint64
}

// next says whether to tell the next use, and how many were left out before.
func (a *audit) next(now time.Time) (left uint64, yes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := now.Unix(); s != a.second {
		a.second, a.told = s, 0
	}
	if a.told == perSecond {
		a.left++
		return 0, false
	}
	a.told++
	left, a.left = a.left, 0
	return left, true
}
