package main

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var plainCount = regexp.MustCompile(`^(\d{1,10}|\d{1,3}(,\d{3}){1,3})$`)

// parseCount reads a number with or without commas between thousands.
func parseCount(text string) (int, bool) {
	if !plainCount.MatchString(text) {
		return 0, false
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	return n, err == nil
}

// parseShare reads a share like 80% or 12.5 %.
func parseShare(text string) (float64, bool) {
	number, ok := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return f / 100, ok && err == nil && f >= 0 && f <= 100
}

// clock tells times of an opening: of day where it is known, else from it on.
type clock struct {
	opens time.Time
	known bool
}

func parseClock(text string) (clock, bool) {
	if text == "" {
		return clock{}, true
	}
	for _, layout := range []string{"15:04", "15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return clock{at, true}, true
		}
	}
	return clock{}, false
}

// at is the time so long after the opening.
func (c clock) at(after time.Duration) string {
	if !c.known {
		return "+" + short(after)
	}
	at := c.opens.Add(after.Round(time.Second))
	text := at.Format("15:04:05")
	if days := int(after / (24 * time.Hour)); at.YearDay() != c.opens.YearDay() || days > 0 {
		text += " of a later day"
	}
	return text
}

// cut reads TIME=VALUE. A time of day before that of the opening is the next day's.
func (c clock) cut(text string) (after time.Duration, value string, ok bool) {
	when, value, ok := strings.Cut(text, "=")
	if !ok {
		return 0, "", false
	}
	if long, relative := strings.CutPrefix(when, "+"); relative {
		after, err := time.ParseDuration(long)
		return after, value, err == nil && after >= 0
	}
	at, read := parseClock(when)
	if !c.known || !read || !at.known {
		return 0, "", false
	}
	day := 24 * time.Hour
	if at.opens.Year() != c.opens.Year() { // one of them is a time of day only
		return (sinceMidnight(at.opens) - sinceMidnight(c.opens) + day) % day, value, true
	}
	after = at.opens.Sub(c.opens)
	if after < 0 && at.opens.Year() == 0 {
		after += day
	}
	return after, value, after >= 0
}

func sinceMidnight(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}

// short is a duration to the second, without what is zero at its end.
func short(d time.Duration) string {
	text := d.Round(time.Second).String()
	if text != "0s" {
		if cut, ok := strings.CutSuffix(text, "m0s"); ok {
			text = cut + "m"
		}
		if cut, ok := strings.CutSuffix(text, "h0m"); ok {
			text = cut + "h"
		}
	}
	return text
}

// seconds is a duration of so many.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
