package page

import (
	"strconv"
	"strings"
)

// kind says where a field may stand.
type kind int

const (
	unknown kind = iota
	plain        // a value: in text and in quoted attributes
	block        // whole elements: only between elements
	link         // the visitor's own URL: as plain, and as the whole of an href or action
	nonce        // only as the whole of a nonce attribute
)

// fieldKind returns what {{name}} is; New lists them.
func fieldKind(name string) kind {
	switch name {
	case "language", "name", "title", "heading", "text", "button", "state", "has", "room", "position", "waiting", "eta",
		"ticket_number", "message", "opens", "countdown", "entry", "checked", "server_time", "draw_hash", "draw_secret",
		"error_status", "request_id":
		return plain
	case "script", "style", "refresh", "other":
		return block
	case "return":
		return link
	case "nonce":
		return nonce
	}
	if label, ok := strings.CutPrefix(name, "label."); ok {
		if _, ok := loadWords()["en"].Labels[label]; ok {
			return plain
		}
	}
	return unknown
}

// appendField writes one field, escaped so that it is safe in text and in quoted attributes alike.
func (v *view) appendField(dst []byte, name string) []byte {
	switch name {
	case "language":
		return append(dst, v.language()...)
	case "name":
		return append(dst, v.words.Name...)
	case "title":
		return v.appendTitle(dst)
	case "heading":
		return append(dst, v.now[0]...)
	case "text":
		return append(dst, v.now[1]...)
	case "button":
		return append(dst, v.words.Labels[v.button()]...)
	case "state":
		return AppendEscaped(dst, v.State)
	case "room":
		return AppendEscaped(dst, v.Room)
	case "return":
		return AppendEscaped(dst, SafeReturn(v.Return))
	case "nonce":
		return AppendEscaped(dst, v.Nonce)
	case "message":
		return AppendEscaped(dst, v.Message)
	case "draw_hash":
		return AppendEscaped(dst, v.DrawHash)
	case "draw_secret":
		return AppendEscaped(dst, v.DrawSecret)
	case "request_id":
		return AppendEscaped(dst, v.RequestID)
	case "script":
		return v.appendScript(dst)
	case "style":
		return v.appendStyle(dst)
	case "refresh":
		return v.appendRefresh(dst)
	case "other":
		return v.appendOther(dst)
	}
	return v.appendShown(dst, name)
}

// appendShown writes the fields that are there only in some states.
func (v *view) appendShown(dst []byte, name string) []byte {
	switch name {
	case "has":
		return v.appendHas(dst)
	case "position":
		return appendIf(dst, v.hasPosition(), v.Position)
	case "ticket_number":
		return appendIf(dst, v.hasTicket(), v.TicketNumber)
	case "error_status":
		return appendIf(dst, v.Status > 0, int64(v.Status))
	case "waiting":
		return v.appendWaiting(dst)
	case "eta":
		return v.appendEta(dst)
	case "opens":
		if v.hasOpens() {
			dst = v.words.AppendDate(dst, v.local(v.OpensAt))
		}
		return dst
	case "countdown":
		if v.hasOpens() {
			dst = v.words.AppendLeft(dst, v.OpensAt-v.ServerTime)
		}
		return dst
	case "entry":
		if v.hasEntry() {
			dst = v.words.AppendLeft(dst, v.EnterAt-v.ServerTime)
		}
		return dst
	case "checked":
		return v.appendChecked(dst)
	case "server_time":
		return appendInstant(dst, v.ServerTime)
	}
	return append(dst, v.words.Labels[strings.TrimPrefix(name, "label.")]...)
}

func appendIf(dst []byte, shown bool, n int64) []byte {
	if !shown {
		return dst
	}
	return appendNumber(dst, n)
}

// AppendEscaped writes s for text and quoted attributes. Bytes that are no UTF-8 become U+FFFD.
func AppendEscaped(dst []byte, s string) []byte {
	for _, r := range s {
		switch r {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&#34;"...)
		case '\'':
			dst = append(dst, "&#39;"...)
		case 0:
			dst = append(dst, "\uFFFD"...)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return dst
}

// SafeReturn lets only a path on this very host through.
func SafeReturn(path string) string {
	if len(path) == 0 || path[0] != '/' || len(path) > 1 && (path[1] == '/' || path[1] == '\\') {
		return "/"
	}
	for i := range len(path) {
		// Browsers drop tabs and newlines inside an address, and read a backslash as a slash.
		if path[i] <= ' ' || path[i] == '\\' || path[i] == 0x7f {
			return "/"
		}
	}
	return path
}

func appendNumber(dst []byte, n int64) []byte {
	var digits [20]byte
	plain := strconv.AppendInt(digits[:0], n, 10)
	for i, d := range plain {
		if i > 0 && (len(plain)-i)%3 == 0 && plain[i-1] != '-' {
			dst = append(dst, ',')
		}
		dst = append(dst, d)
	}
	return dst
}
