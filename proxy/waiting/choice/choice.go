// Package choice renders the pages that visitors meet around identity: the choice of a provider, and why somebody is not let go on.
//
// It makes the promises of package page: one document without outside assets, every value escaped for where it stands, complete
// without script, in Korean and in English. Its forms only ask; nothing in it decides. It knows nothing of HTTP, of providers or of
// the line, and it does not send.
package choice

import (
	_ "embed"
	"strings"
	"time"

	"waitroom/proxy/waiting/page"
)

// Kind is which page it is.
type Kind uint8

// The kinds. The zero value is the choice, which lets nobody past.
const (
	Identify    Kind = iota // the choice of a provider; with Failure why the last verification was refused
	Held                    // another device holds the person
	NotEligible             // the person may not enter now
	SoldOut                 // the quota of this opening is used up
	Taken                   // this was the person's device; another one has taken over
)

// Facts is everything such a page shows. Times are microseconds since 1970 UTC, 0 for none or not known.
type Facts struct {
	Kind Kind
	// Room is the room's name: the forms go to /.waitroom/{Room}/login/{provider}.
	Room string
	// Return is the canonical path and query that the visitor asked for. What is not path-absolute becomes "/". It goes along with
	// the forms as the field "return", and every button that does not verify leads there.
	Return string
	// Language is ko or en; any other is ko.
	Language string
	// Nonce is that of the Content-Security-Policy sent with this document.
	Nonce string
	// Message is the operator's, plain text.
	Message string
	// ServerTime is the instant of this answer. OpensAt is the opening to come: before it the choice says "verify now, wait
	// verified", and a page of kind SoldOut tells it as the next one.
	ServerTime, OpensAt int64
	// HTTP says that providers are reached by http, as in a demo.
	HTTP bool
	// Zone is the one in which times of day are written; nil is UTC.
	Zone *time.Location
	// NextPollMS is when the choice asks for the lights again, in milliseconds; 0 is after half a minute.
	NextPollMS int64

	// Providers are offered in this order, on the pages of kind Identify.
	Providers []Provider
	// Stale says that the lights are old, because the store does not answer, and LightsAt of when they are.
	Stale    bool
	LightsAt int64
	// Anew says that it is the choice at its own address, where somebody who was told something else asked for it: it is not left by itself.
	Anew bool
	// Invitations offers the field "invite"; Invite is what is in it already.
	Invitations bool
	Invite      string
	// Failure is why the last verification was refused, by the names of package identity, or "invitation"; "" is none. Missing are
	// the claims that were not given; Failed is the provider's name.
	Failure, Failed string
	Missing         []string

	// Since is when the other device took the person, Until from when on this one may, Family what kind of browser the other one
	// is, to be read, or one of app and other; "" is not told. They are for the kinds Held and Taken.
	Since, Until int64
	Family       string

	// Reason is why the person is not eligible: unknown_digit, not_your_day, no_group, not_yet or over. Any other is shown as
	// no_group, which is about others' turn where From is set. Digit is the last digit of the day of birth as text, "" is not told. From and To bound the person's own next window; 0 is none.
	Reason   string
	Digit    string
	From, To int64
}

// Provider is one way to verify, as it is offered. The script asks GET /.waitroom/{room}/login for the lights, and reads of its JSON
// {"providers":[{"name","light"}],"lights_stale","lights_at","server_time","next_poll_ms"}, in the order in which they are to be offered.
type Provider struct {
	// Name is the one in addresses, Korean and English are what people read. Of two labels one may be empty.
	Name, Korean, English string
	// Light is smooth, delayed, congested, down or paused. Any other is no light.
	Light string
}

//go:embed assets/words.json
var wordsSource []byte

//go:embed assets/choice.css
var styleSource string

//go:embed assets/choice.js
var scriptSource string

// Pages are all of them, ready to be filled. It is immutable and safe for concurrent use.
type Pages struct {
	words         map[string]*page.Words
	style, script page.Stretch
}

// New makes the pages.
func New() *Pages {
	return &Pages{words: page.ReadWords(wordsSource), style: page.NewStretch(page.Style(styleSource)), script: page.NewStretch(page.Script(scriptSource))}
}

// Append writes the page for f behind dst and returns it. It does not block, and allocates nothing but what dst lacks.
func (p *Pages) Append(dst []byte, f *Facts) []byte {
	v := view{Facts: f, p: p, dst: dst}
	v.document()
	return v.dst
}

// AppendFixed is Append that also tells, behind all, the stretches of the page that are the same in every rendering.
func (p *Pages) AppendFixed(dst []byte, f *Facts, all []page.Fixed) ([]byte, []page.Fixed) {
	v := view{Facts: f, p: p, dst: dst, fixed: &all}
	v.document()
	return v.dst, all
}

// Policy is the Content-Security-Policy of these pages: that of the waiting page, but for where forms may lead. Browsers judge every
// redirect that follows a form by it, and a provider may send people on to wherever they log in; so any https address is allowed, and
// http, too, where providers are reached by it, as in a demo.
func Policy(nonce string, http bool) string {
	const closed = "form-action 'self'"
	open := closed + " https:"
	if http {
		open += " http:"
	}
	return strings.Replace(page.ContentSecurityPolicy(nonce), closed, open, 1)
}
