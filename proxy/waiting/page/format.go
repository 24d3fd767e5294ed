package page

import (
	"strconv"
	"strings"
	"time"
)

// How numbers, waits and times are written. The script writes them alike.

// AppendPattern writes pattern with {a} and {b} filled in.
func AppendPattern(dst []byte, pattern string, a, b []byte) []byte {
	for {
		before, rest, found := strings.Cut(pattern, "{")
		dst = append(dst, before...)
		if !found {
			return dst
		}
		if rest[0] == 'a' {
			dst = append(dst, a...)
		} else {
			dst = append(dst, b...)
		}
		pattern = rest[2:]
	}
}

func (v *view) appendTitle(dst []byte) []byte {
	if v.hasPosition() {
		dst = append(appendNumber(dst, v.Position), " · "...)
	}
	dst = append(append(dst, v.now[0]...), " – "...)
	return append(dst, v.words.Name...)
}

func (v *view) appendWaiting(dst []byte) []byte {
	if !v.hasWaiting() {
		return dst
	}
	var n [32]byte
	return AppendPattern(dst, v.words.Labels["people"], appendNumber(n[:0], v.Waiting), nil)
}

// appendEta writes the range of the wait: by minutes up to an hour, by five minutes beyond, always outwards.
func (v *view) appendEta(dst []byte) []byte {
	if !v.hasEta() {
		return dst
	}
	var a, b [48]byte
	labels, low, high := v.words.Labels, max(v.Low, 0), v.High
	if high < 0 {
		return AppendPattern(dst, labels["atleast"], v.appendMinutes(a[:0], low/60), nil)
	}
	low = min(low, high) / 60
	high = (high + 59) / 60
	if high > 60 {
		low, high = low-low%5, (high+4)/5*5
	}
	switch {
	case high <= 1:
		return append(dst, labels["soon"]...)
	case low == 0:
		return AppendPattern(dst, labels["upto"], nil, v.appendMinutes(b[:0], high))
	case low == high:
		return AppendPattern(dst, labels["one"], v.appendMinutes(a[:0], low), nil)
	case high <= 60:
		return AppendPattern(dst, labels["minutes"], strconv.AppendInt(a[:0], low, 10), strconv.AppendInt(b[:0], high, 10))
	}
	return AppendPattern(dst, labels["range"], v.appendMinutes(a[:0], low), v.appendMinutes(b[:0], high))
}

// appendMinutes writes a length of time as hours and minutes.
func (v *view) appendMinutes(dst []byte, minutes int64) []byte {
	var n [24]byte
	if minutes >= 60 {
		dst = AppendPattern(dst, v.words.Labels["hour"], appendNumber(n[:0], minutes/60), nil)
		if minutes%60 == 0 {
			return dst
		}
		dst = append(dst, ' ')
	}
	return AppendPattern(dst, v.words.Labels["min"], strconv.AppendInt(n[:0], minutes%60, 10), nil)
}

// AppendLeft writes what is left, in microseconds, as a countdown, rounded up to the second.
func (w *Words) AppendLeft(dst []byte, left int64) []byte {
	seconds := max((left+999_999)/1_000_000, 0)
	var clock, days [32]byte
	short := appendTwo(appendTwo(appendTwo(clock[:0], seconds/3600%24, ':'), seconds/60%60, ':'), seconds%60, 0)
	if seconds < 86_400 {
		if seconds < 3600 {
			short = short[3:]
		}
		return append(dst, short...)
	}
	return AppendPattern(dst, w.Labels["days"], appendNumber(days[:0], seconds/86_400), short)
}

// appendTwo writes n with two digits and then end, if it is not 0.
func appendTwo(dst []byte, n int64, end byte) []byte {
	dst = append(dst, byte('0'+n/10), byte('0'+n%10))
	if end != 0 {
		dst = append(dst, end)
	}
	return dst
}

func (v *view) local(micros int64) time.Time {
	zone := v.Zone
	if zone == nil {
		zone = time.UTC
	}
	return time.UnixMicro(micros).In(zone)
}

func (v *view) appendChecked(dst []byte) []byte {
	if v.ServerTime <= 0 {
		return dst
	}
	return v.local(v.ServerTime).AppendFormat(dst, "15:04:05")
}

// AppendDate writes a date and time with its offset from UTC, so that nobody abroad is misled.
func (w *Words) AppendDate(dst []byte, at time.Time) []byte {
	for pattern := w.Labels["date"]; ; {
		before, rest, found := strings.Cut(pattern, "{")
		dst = append(dst, before...)
		if !found {
			return dst
		}
		switch rest[0] {
		case 'm':
			dst = append(dst, w.Months[at.Month()-1]...)
		case 'd':
			dst = strconv.AppendInt(dst, int64(at.Day()), 10)
		case 't':
			dst = at.AppendFormat(dst, "15:04")
		case 'z':
			dst = appendOffset(dst, offset(at))
		}
		pattern = rest[2:]
	}
}

// offset is the zone's distance from UTC at that instant, in minutes.
func offset(at time.Time) int64 {
	_, seconds := at.Zone()
	return int64(seconds / 60)
}

func appendOffset(dst []byte, minutes int64) []byte {
	dst = append(dst, "UTC"...)
	if minutes == 0 {
		return dst
	}
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	dst = strconv.AppendInt(append(dst, sign), minutes/60, 10)
	if minutes%60 != 0 {
		dst = appendTwo(append(dst, ':'), minutes%60, 0)
	}
	return dst
}

// appendInstant writes RFC 3339 in UTC with microseconds; nothing for 0.
func appendInstant(dst []byte, micros int64) []byte {
	if micros <= 0 {
		return dst
	}
	return time.UnixMicro(micros).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
}
