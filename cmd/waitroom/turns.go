package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"waitroom/config"
	"waitroom/queue/schedule"
)

// maxTurns is how many turns of a room are shown.
const maxTurns = 100

// writeTurns tells people who may enter a room when, by the clocks of its zone.
func writeTurns(w io.Writer, e *config.Eligibility, s *schedule.Schedule) {
	n, opening := 0, int64(0)
	for t := range s.Turns() {
		if from, until := s.Opening(t.From); from != opening {
			opening = from
			fmt.Fprintf(w, "  opening  %s\n", between(s, schedule.Span{From: from, Until: until}))
		}
		if n++; n > maxTurns {
			fmt.Fprintf(w, "           and more; those of the first %d are shown\n", maxTurns)
			return
		}
		fmt.Fprintf(w, "           %s  %s\n", between(s, t.Span), whose(e, t))
	}
}

// between is a span by the clocks of a schedule's zone.
func between(s *schedule.Schedule, span schedule.Span) string {
	clock := func(us int64) string {
		layout := "Mon 2006-01-02 15:04"
		if us%(60*1e6) != 0 {
			layout += ":05"
		}
		return time.UnixMicro(us).In(s.Zone()).Format(layout)
	}
	return clock(span.From) + " to " + clock(span.Until)
}

// whose turn it is, in words.
func whose(e *config.Eligibility, t schedule.Turn) string {
	if t.Everyone {
		return "everyone"
	}
	var digits, all []string
	for digit := range 10 {
		if t.Digits>>digit&1 == 1 {
			digits = append(digits, strconv.Itoa(digit))
		}
	}
	if len(digits) > 0 {
		all = append(all, "born on a day that ends in "+strings.Join(digits, " or "))
	}
	for i := range e.Groups {
		if t.Groups>>i&1 == 1 {
			all = append(all, "group "+e.Groups[i].Name)
		}
	}
	return strings.Join(all, "; ")
}

// quotaAdvice is what an operator may not have meant; "" is nothing.
func quotaAdvice(room *config.Room, s *schedule.Schedule) string {
	if room.Eligibility.Quota == 0 {
		return ""
	}
	for t := range s.Turns() {
		from, until := s.Opening(t.From)
		if long := time.Duration(until-from) * time.Microsecond; long > 25*time.Hour { // a day on which clocks go back has as many
			return fmt.Sprintf("room %s: the quota counts once for an opening, and the one from %s is longer than a day; for a quota a day, write each window with `first`, `last`, `opens` and `closes`, with time between closing and opening",
				room.Name, between(s, schedule.Span{From: from, Until: until}))
		}
	}
	return ""
}
