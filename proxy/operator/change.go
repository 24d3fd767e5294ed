package operator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"waitroom/queue"
)

const (
	// maxBody is the size of a change's body, in bytes.
	maxBody = 64 << 10
	// maxMessage is the length of the operator's message, in characters.
	maxMessage = 500
	// maxName is the length of an operator's name, in characters.
	maxName = 64
	// NameHeader is where clients say who sets something. It is a courtesy for the
	// journal and proves nothing: all who have the token are one.
	NameHeader = "Waitroom-Operator-Name"
)

// fields are what a change may hold.
var fields = []string{"rate", "paused", "message", "sold_out"}

// mistake is what is wrong with a change, and in which field.
type mistake struct{ field, what string }

func (m *mistake) Error() string { return m.what }

// change sets what the body says, all or nothing, and answers with the room as it
// is then: 200 when the room shows it, 202 when it is kept but not yet seen here.
func (a *api) change(w http.ResponseWriter, r *http.Request, room Room) {
	var c queue.Change
	who, ok := receive(w, r, fields, func(field string, value json.RawMessage) error { return a.field(&c, field, value) })
	if !ok {
		return
	}
	c.By = who
	a.set(w, r, room, c)
}

// receive reads a change with the given fields and who asks for it, or answers why not.
func receive(w http.ResponseWriter, r *http.Request, fields []string, each func(field string, value json.RawMessage) error) (who string, ok bool) {
	if !patches(r.Header.Get("Content-Type")) {
		w.Header().Set("Accept-Patch", "application/json, application/merge-patch+json")
		refuse(w, http.StatusUnsupportedMediaType, "unsupported-media-type", "send the change as Content-Type: application/json")
		return "", false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "too-large", "a change is at most 64 KiB")
		return "", false
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad-change", "the body ended early")
		return "", false
	}
	if err = members(body, each); err == nil {
		who, err = by(r)
	}
	if wrong := (*mistake)(nil); errors.As(err, &wrong) {
		Problem{Type: problemType + "bad-change", Status: http.StatusBadRequest, Detail: wrong.what, Field: wrong.field, Known: fields}.write(w)
		return "", false
	}
	return who, true
}

// patches says whether a body of this type is read as JSON: that of none, too, and what curl -d names
// unasked. No page of another site can send a PATCH of any type without being asked first.
func patches(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "", "application/json", "application/merge-patch+json", "application/x-www-form-urlencoded":
		return true
	}
	return false
}

func (a *api) set(w http.ResponseWriter, r *http.Request, room Room, c queue.Change) {
	status := http.StatusOK
	if c != (queue.Change{By: c.By}) {
		ctx, cancel := bounded(r)
		defer cancel()
		if err := room.Line.Set(ctx, c); err != nil {
			a.fail(w, room, err)
			return
		}
		if !a.wait(r, room.Line) {
			status = http.StatusAccepted
		}
	}
	reply(w, status, a.room(room))
}

// wait waits until the view was read after now, so that the answer, and whoever
// asks next, sees the change. It says whether that came in time.
func (a *api) wait(r *http.Request, line queue.Operated) bool {
	done := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for time.Since(done) < a.seen {
		if line.View().Age() < time.Since(done) {
			return true
		}
		select {
		case <-r.Context().Done():
			return false
		case <-tick.C:
		}
	}
	return false
}

// members reads a change, and gives each field. encoding/json alone would take the last of two equal
// fields and any spelling of their case: here both are mistakes.
func members(body []byte, each func(field string, value json.RawMessage) error) error {
	if !utf8.Valid(body) {
		return &mistake{"", "the body is not UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return &mistake{"", `the body must be a JSON object such as {"paused":true}`}
	}
	var seen []string
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return &mistake{"", "the body is not JSON"}
		}
		field, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return &mistake{field, "the body is not JSON"}
		}
		if slices.Contains(seen, field) {
			return &mistake{field, fmt.Sprintf("the field %q is there twice", field)}
		}
		seen = append(seen, field)
		if err := each(field, value); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return &mistake{"", "the body is not JSON"}
	}
	if _, err := d.Token(); err != io.EOF {
		return &mistake{"", "there is something behind the JSON object"}
	}
	return nil
}

func (a *api) field(c *queue.Change, field string, value json.RawMessage) error {
	switch field {
	case "rate":
		return a.rate(c, value)
	case "paused":
		return flag(field, value, &c.Paused)
	case "sold_out":
		return flag(field, value, &c.SoldOut)
	case "message":
		return message(value, &c.Message)
	}
	return &mistake{field, fmt.Sprintf("there is no field %.60q; there is rate, paused, message and sold_out", field)}
}

// rate reads a rate; null goes back to the file's.
func (a *api) rate(c *queue.Change, value json.RawMessage) error {
	if string(value) == "null" {
		c.FileRate = true
		return nil
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = "" // a bare number: ask the parser for its hint, which names the number
		if n := (json.Number)(""); json.Unmarshal(value, &n) == nil {
			text = n.String()
		}
		hint := `write a string such as "2,000,000/h", or null for the file's rate`
		if _, err := a.ParseRate(text); text != "" && err != nil {
			hint = err.Error() + ", as a string"
		}
		return &mistake{"rate", "the rate must be a string: " + hint}
	}
	perHour, err := a.ParseRate(text)
	if err != nil {
		return &mistake{"rate", err.Error()}
	}
	c.RatePerHour = &perHour
	return nil
}

func flag(field string, value json.RawMessage, into **bool) error {
	switch string(value) {
	case "true", "false":
		b := string(value) == "true"
		*into = &b
		return nil
	}
	return &mistake{field, field + " must be true or false"}
}

func message(value json.RawMessage, into **string) error {
	var text *string
	if json.Unmarshal(value, &text) != nil || text == nil {
		return &mistake{"message", `the message must be a string; "" removes it`}
	}
	if n := utf8.RuneCountInString(*text); n > maxMessage {
		return &mistake{"message", fmt.Sprintf("the message has %d characters; it may have %d", n, maxMessage)}
	}
	for _, char := range *text {
		if hidden(char) {
			return &mistake{"message", fmt.Sprintf("the message holds the control character %U; it is one line of text", char)}
		}
	}
	*into = text
	return nil
}

// hidden are characters that change how others are shown, and those that break lines.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 || r == 0xFEFF
}

// by is who asks: the name that the client gives, and its address.
func by(r *http.Request) (string, error) {
	who := r.Header.Get(NameHeader)
	if who == "" {
		who = "operator"
	}
	bad := !utf8.ValidString(who) || utf8.RuneCountInString(who) > maxName
	for _, char := range who {
		bad = bad || !unicode.IsPrint(char)
	}
	if bad {
		return "", &mistake{"", fmt.Sprintf("%s is at most %d printable characters", NameHeader, maxName)}
	}
	return who + "@" + remote(r), nil
}

// revoke ends a pass, by the id that the journal shows and that is the pass's jti.
func (a *api) revoke(w http.ResponseWriter, r *http.Request, room Room) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(r.PathValue("id"))
	if err != nil || len(raw) != len(queue.PassID{}) {
		refuse(w, http.StatusBadRequest, "bad-pass-id", "a pass id is 22 characters of base64url: the `jti` of the pass, or `pass` in the journal")
		return
	}
	who, err := by(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad-name", err.Error())
		return
	}
	ctx, cancel := bounded(r)
	defer cancel()
	if err := room.Line.End(ctx, queue.PassID(raw), queue.WhyRevoked, who); err != nil {
		a.fail(w, room, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
