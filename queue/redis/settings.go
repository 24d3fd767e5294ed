package redis

import (
	"strconv"

	"waitroom/queue"
)

// setting is one field of the live state as the store keeps it; told is what the
// journal says of it, "" for nothing.
type setting struct{ name, value, told string }

func settings(c queue.Change) []setting {
	var s []setting
	switch {
	case c.FileRate:
		s = append(s, setting{"rate", "", "rate=file"}, setting{"live_interval", "", ""})
	case c.RatePerHour != nil:
		rate := strconv.FormatFloat(*c.RatePerHour, 'f', -1, 64)
		interval := strconv.FormatFloat(queue.Interval(*c.RatePerHour), 'f', -1, 64)
		s = append(s, setting{"rate", rate, "rate=" + rate + "/h"}, setting{"live_interval", interval, ""})
	}
	if c.Paused != nil {
		value := flag(*c.Paused)
		s = append(s, setting{"paused", value, "paused=" + strconv.FormatBool(*c.Paused)})
	}
	if c.Message != nil {
		s = append(s, setting{"message", *c.Message, "message=" + strconv.Quote(*c.Message)})
	}
	if c.SoldOut != nil {
		s = append(s, setting{"sold_out", flag(*c.SoldOut), "sold_out=" + strconv.FormatBool(*c.SoldOut)})
	}
	return s
}

func flag(on bool) string {
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
