package schedule

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxEvents is how many windows a calendar file has at most.
const MaxEvents = 32

// Card is what a calendar file says of each window.
type Card struct {
	// Title is in the language of who asked, without anything personal.
	Title string
	// Address is where to go then; "" is none.
	Address string
	// Of names the room for good, such as booking@www.example.kr: the same window of it is the same event in every file.
	Of string
}

// AppendCalendar appends an iCalendar file (RFC 5545) with a person's windows that are not over at an instant, the next ones first.
// Times are in UTC, so that no device has to know the zone. Nothing in it tells who asked, but the windows themselves. Without a
// schedule, or with no window to come, there are no events in it, which some programs refuse: then there is nothing to offer.
func (s *Schedule) AppendCalendar(dst []byte, f Facts, at int64, c Card) []byte {
	dst = append(dst, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//waitroom//eligibility//EN\r\n"...)
	v := s.Decide(f, at)
	span := v.Window
	if span == (Span{}) {
		span = v.Next
	}
	for n := 0; n < MaxEvents && span != (Span{}); n++ {
		dst = c.appendEvent(dst, span, at)
		span = s.Decide(f, span.Until).Next
	}
	return append(dst, "END:VCALENDAR\r\n"...)
}

func (c *Card) appendEvent(dst []byte, span Span, at int64) []byte {
	dst = append(dst, "BEGIN:VEVENT\r\n"...)
	dst = appendLine(dst, "UID:", strconv.FormatInt(span.From, 10)+"-"+escaped(c.Of))
	dst = appendLine(dst, "DTSTAMP:", utc(at))
	dst = appendLine(dst, "DTSTART:", utc(span.From))
	dst = appendLine(dst, "DTEND:", utc(span.Until))
	dst = appendLine(dst, "SUMMARY:", escaped(c.Title))
	if c.Address != "" {
		// An address is written as it is: commas and semicolons are its own (RFC 5545, section 3.3.13).
		dst = appendLine(dst, "URL:", printable(c.Address))
	}
	dst = append(dst, "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\n"...)
	dst = appendLine(dst, "DESCRIPTION:", escaped(c.Title))
	return append(dst, "END:VALARM\r\nEND:VEVENT\r\n"...)
}

func utc(us int64) string { return time.UnixMicro(us).UTC().Format("20060102T150405Z") }

// escaped writes a text value, section 3.3.11.
func escaped(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(text)
	return printable(text)
}

// printable drops control characters, and what is not UTF-8.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, ""))
}

// foldAt is how many octets a line has at most, without its end; section 3.1.
const foldAt = 75

// appendLine writes a line, folded between characters.
func appendLine(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	for used := len(name); value != ""; {
		_, size := utf8.DecodeRuneInString(value)
		if used+size > foldAt {
			dst = append(dst, "\r\n "...)
			used = 1
		}
		dst = append(dst, value[:size]...)
		used, value = used+size, value[size:]
	}
	return append(dst, "\r\n"...)
}
