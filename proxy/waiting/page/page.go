// Package page renders what visitors see while they wait: one self-contained HTML document.
//
// It promises that every value is escaped for where it stands, that the document names no outside asset, that it is
// complete without script (facts are rendered into it), and that its script only asks and shows: nothing in it lets
// anybody in. It knows nothing of HTTP, of the line, or of tickets, and it does not send.
package page

import (
	_ "embed"
	"time"
)

// Facts is everything a page shows. Times are microseconds since 1970 UTC, 0 for none.
type Facts struct {
	// Room is the room's name: the script asks under /.waitroom/{Room}/.
	Room string
	// State is one of early, waiting, called, admitted, paused, recovering, full, closed, sold_out, other_device, unconfirmed,
	// away (the store is away), down (the backend fails), bad (a bad request), limited. Any other is shown as waiting.
	State string
	// Position counts from 1; 0 is unknown, as for the two after it.
	Position, Waiting, TicketNumber int64
	// Low and High bound the expected wait in seconds; -1 is unknown.
	Low, High int64
	// NextPollMS is when to ask next, in milliseconds. 0 leaves pages that nobody waits on (closed, sold_out,
	// other_device, down, bad) alone, and means half a minute on all others.
	NextPollMS int64
	// EnterAt is when the pass begins, OpensAt when the room opens, ServerTime the instant of this answer.
	EnterAt, OpensAt, ServerTime int64
	// Message is the operator's, plain text.
	Message string
	// DrawHash is the fingerprint shown before a draw, DrawSecret what is published after it.
	DrawHash, DrawSecret string
	// Puzzle is JSON that the script at PuzzleScript solves; none where that is "".
	Puzzle, PuzzleScript string
	// Login is where the script posts the answer for somebody who is to be verified, with Return and Invite, "" for a place at once.
	Login, Invite string
	// Origins are a captcha provider's, for the policy of a page that shows its check; "" is none.
	Origins string
	// Return is the canonical path and query that the visitor asked for. What is not path-absolute becomes "/".
	Return string
	// Language is ko or en; any other is ko.
	Language string
	// Key is prefer or require where the room asks for the key of a device, "" where not. Thumbprint is that of the device's
	// key, "" where it has none; ProofNonce and Ath are what the script's next proof is made over, "" where it is none yet.
	Key, Thumbprint, ProofNonce, Ath string
	// Prove makes the script prove the key before it goes on, of a visitor who is admitted.
	Prove bool
	// Nonce is that of the Content-Security-Policy sent with this document.
	Nonce string
	// Status and RequestID are shown on error pages, if RequestID is set.
	Status    int
	RequestID string
	// Zone is the one in which times of day are written; nil is UTC.
	Zone *time.Location
}

//go:embed assets/page.html
var builtIn []byte

// Template is a page, ready to be filled. It is immutable and safe for concurrent use.
type Template struct {
	segments []segment
	words    map[string]*Words
	style    Stretch
	script   Stretch
}

// New compiles a page: the operator's own, or the built-in one for nil. The error joins every mistake in own, each as
// "line:column: what is wrong". Values are escaped, and fields refused where escaping could not make them safe: inside
// scripts, styles and comments, outside of quotes in tags, in addresses and in what a browser runs. These are the fields:
//
//	language name title heading text button state has        what the state is, in the visitor's language
//	room position waiting eta ticket_number message          the standing; empty where unknown
//	opens countdown entry checked server_time                times, for reading
//	draw_hash draw_secret error_status request_id                  the draw's proof; an error's number
//	label.NAME                                               any label of the built-in page
//	return                                                   the address that the visitor asked for
//	nonce                                                    for <script nonce="{{nonce}}"> and <style nonce="{{nonce}}">
//	script style refresh other                               the poll script; the built-in style; the reload without
//	                                                         script; everything once more in the other language
//
// The script keeps elements up to date that are marked data-waitroom="NAME", NAME being name, heading, text, position,
// waiting, eta, ticket_number, message, opens, countdown, entry or checked; further status (the spoken region), trouble
// (being offline), progress (a bar: its first child is scaled), switch (a group of buttons with the values ko and en),
// enter (the link with {{return}}), page (takes data-state and data-has), and data-waitroom-label="NAME" for labels.
func New(own []byte) (*Template, error) {
	if own == nil {
		own = builtIn
	}
	c := compile(own)
	if err := c.err(); err != nil {
		return nil, err
	}
	words := loadWords()
	return &Template{segments: c.segments, words: words, style: NewStretch(Style(ownStyle)), script: NewStretch(loadScript()...)}, nil
}

// Append writes the page for f behind dst and returns it. It does not block, and allocates nothing but what dst lacks.
func (t *Template) Append(dst []byte, f *Facts) []byte {
	v := t.view(f)
	return v.append(dst)
}

// AppendFixed is Append that also tells, behind all, the stretches of the page that are the same in every rendering.
func (t *Template) AppendFixed(dst []byte, f *Facts, all []Fixed) ([]byte, []Fixed) {
	v := t.view(f)
	v.fixed = &all
	dst = v.append(dst)
	return dst, all
}

func (v *view) append(dst []byte) []byte {
	for i := range v.t.segments {
		s := &v.t.segments[i]
		if s.field == "" {
			dst = append(dst, s.text...)
			continue
		}
		dst = v.appendField(dst, s.field)
	}
	return dst
}

// view is one rendering: the facts, and the words and the choice of things that follow from them.
type view struct {
	*Facts
	t     *Template
	words *Words
	other *Words
	now   Phrase
	fixed *[]Fixed // nil where nobody wants to know
}

func (t *Template) view(f *Facts) view {
	v := view{Facts: f, t: t, words: t.words["ko"], other: t.words["en"]}
	if f.Language == "en" {
		v.words, v.other = v.other, v.words
	}
	v.now = v.words.phrase(f)
	return v
}
