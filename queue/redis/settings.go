package redis

import (
	"strconv"
	"strings"

	"waitroom/queue"
)

// set is a change as control.lua takes it: pairs of name and value, the interval of
// the rate among them, and what the journal says of each.
type set struct {
	pairs    []any
	interval string
	details  []string
}

func settings(c queue.Change) set {
	var s set
	add := func(name, value, detail string) {
		s.pairs, s.details = append(s.pairs, name, value), append(s.details, detail)
	}
	switch {
	case c.FileRate:
		add("rate", "", "rate=file")
	case c.RatePerHour != nil:
		rate := strconv.FormatFloat(*c.RatePerHour, 'f', -1, 64)
		s.interval = strconv.FormatFloat(queue.Interval(*c.RatePerHour), 'f', -1, 64)
		add("rate", rate, "rate="+rate+"/h")
	}
	if c.Paused != nil {
		add("paused", bit(*c.Paused), "paused="+strconv.FormatBool(*c.Paused))
	}
	if c.Message != nil {
		add("message", *c.Message, "message="+strconv.Quote(*c.Message))
	}
	if c.SoldOut != nil {
		add("sold_out", bit(*c.SoldOut), "sold_out="+strconv.FormatBool(*c.SoldOut))
	}
	return s
}

// told is the detail for the journal.
func (s *set) told(at int64) string {
	detail := strings.Join(s.details, " ")
	if at != 0 {
		detail += " (restored after a loss)"
	}
	return detail
}

// stamp is a time as an argument of a script; 0 is none.
func stamp(at int64) string {
	if at == 0 {
		return ""
	}
	return strconv.FormatInt(at, 10)
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// control reads the twelve fields of view.lua: value, by and at of four settings.
func control(fields []any, file float64) queue.Control {
	text := func(i int) string { s, _ := fields[i].(string); return s }
	set := func(i int) queue.Setting { return queue.Setting{By: text(i + 1), At: whole(fields[i+2])} }
	c := queue.Control{
		RatePerHour: file, RateSet: set(0),
		Paused: text(3) == "1", PausedSet: set(3),
		Message: text(6), MessageSet: set(6),
		SoldOut: text(9) == "1", SoldOutSet: set(9),
	}
	if rate, err := strconv.ParseFloat(text(0), 64); err == nil && c.RateSet.Live() {
		c.RatePerHour = rate
	}
	return c
}
