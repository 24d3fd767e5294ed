package schedule

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestACalendarFileHasThePersonsOwnWindowsToCome(t *testing.T) {
	s := august(t)
	card := Card{Title: "예약, 내 차례; \\ \"10부제\"\n여기서", Address: "https://www.example.kr/book?a=1,2;b", Of: "booking@www.example.kr"}
	got := string(s.AppendCalendar(nil, Facts{Digit: 2}, at(t, "2021-08-01T12:34:56.789+09:00"), card))
	want := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//waitroom//eligibility//EN
BEGIN:VEVENT
UID:1628766000000000-booking@www.example.kr
DTSTAMP:20210801T033456Z
DTSTART:20210812T110000Z
DTEND:20210813T090000Z
SUMMARY:예약\, 내 차례\; \\ "10부제"\n여기서
URL:https://www.example.kr/book?a=1,2;b
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT10M
DESCRIPTION:예약\, 내 차례\; \\ "10부제"\n여기서
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:1629370800000000-booking@www.example.kr
DTSTAMP:20210801T033456Z
DTSTART:20210819T110000Z
DTEND:20210918T090000Z
SUMMARY:예약\, 내 차례\; \\ "10부제"\n여기서
URL:https://www.example.kr/book?a=1,2;b
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT10M
DESCRIPTION:예약\, 내 차례\; \\ "10부제"\n여기서
END:VALARM
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	if got != want {
		t.Errorf("got\n%s", got)
	}
	f := func(instant string, events int) {
		t.Helper()
		text := string(s.AppendCalendar(nil, Facts{Digit: 2}, at(t, instant), card))
		if n := strings.Count(text, "BEGIN:VEVENT"); n != events {
			t.Errorf("at %s: %d events", instant, n)
		}
	}
	f("2021-08-13T17:59:59.999999+09:00", 2) // the window that is on counts
	f("2021-08-13T18:00:00+09:00", 1)
	f("2021-09-18T18:00:00+09:00", 0)
	if text := (*Schedule)(nil).AppendCalendar(nil, Facts{}, 1, card); strings.Contains(string(text), "VEVENT") {
		t.Errorf("everybody always: %s", text)
	}
}

func TestACalendarFileIsBounded(t *testing.T) {
	s := made(t, "UTC", Window{Kind: Everyone, First: civilTime(t, "2021-01-01"), Last: civilTime(t, "2021-12-31"), Opens: 1, Closes: 2e9})
	if n := strings.Count(string(s.AppendCalendar(nil, Facts{}, 0, Card{})), "BEGIN:VEVENT"); n != MaxEvents {
		t.Errorf("%d events", n)
	}
}

func TestLinesAreFoldedBetweenCharactersAndReadBackAsTheyWere(t *testing.T) {
	f := func(name, value string) {
		t.Helper()
		text := string(appendLine(nil, name, value))
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) {
				t.Errorf("a line of %d octets: %q", len(line), line)
			}
		}
		if back := strings.ReplaceAll(text, "\r\n ", ""); back != name+value+"\r\n" {
			t.Errorf("got %q", back)
		}
	}
	for n := range 80 {
		f("SUMMARY:", strings.Repeat("a", n)+strings.Repeat("예", 60)) // of three octets each
		f("SUMMARY:", strings.Repeat("a", n)+strings.Repeat("😀", 40)) // of four
	}
	f("SUMMARY:", "")
	for n, lines := range map[int]int{67: 1, 68: 2, 67 + 74: 2, 67 + 75: 3} {
		if text := string(appendLine(nil, "SUMMARY:", strings.Repeat("x", n))); strings.Count(text, "\r\n") != lines {
			t.Errorf("%d characters are %q", n, text)
		}
	}
}

func TestControlCharactersNeverEndALine(t *testing.T) {
	if got := escaped("a\r\nb\rc\x00\x7f\td\xff"); got != `a\nb\ncd` {
		t.Errorf("got %q", got)
	}
	text := string(Card.calendar(Card{Title: "t", Address: "https://a/\r\nEVIL:1", Of: "x\r\ny"}))
	if strings.Contains(text, "\r\nEVIL") || strings.Contains(text, "\r\ny") {
		t.Errorf("got %q", text)
	}
}

func (c Card) calendar() []byte { return c.appendEvent(nil, Span{1, 2}, 1) }
