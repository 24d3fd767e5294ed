package config

import (
	"fmt"
	"strings"
	"time"
)

// The values of Eligibility.OnClose.
const (
	CloseGoOn = "go_on"
	CloseEnd  = "end"
)

// The values of Window.Kind.
const (
	WindowRotation = "rotation"
	WindowEveryone = "everyone"
	WindowGroup    = "group"
)

// Eligibility is who may enter a room when. The room opens and closes by its windows: an opening is
// a time without a break in which anybody's is on. OpensAt and ClosesAt of the room bound them.
type Eligibility struct {
	// Zone is the one of all local times in Windows, by its name in the IANA database: Asia/Seoul.
	// Needed with Windows. A time that its clocks show twice is the first of the two, one that they
	// skip the moment of the skip.
	Zone string `yaml:"zone"`
	// OnClose is what becomes of a ticket whose window closes while it waits: go_on, it may still
	// enter, as long as the room is open; or end, its wait is over. Default go_on.
	OnClose string `yaml:"on_close" in:"go_on|end"`
	// Quota is the most entries in one opening: 1,900,000. 0 is no cap. Default 0.
	Quota Count `yaml:"quota" in:"0..1,000,000,000"`
	// Groups are who may enter in windows of kind group. Default none.
	Groups []EligibleGroup `yaml:"groups"`
	// Windows are when who may enter; somebody for whom any is on may. Default none: everybody,
	// always.
	Windows []Window `yaml:"windows"`
}

// EligibleGroup is one group of persons: those of whom a claim has one of some values, or who hold
// an invitation to it.
type EligibleGroup struct {
	// Name is 1 to 32 lower-case letters, digits and `-`. Needed, unique. Groups are known by their
	// order in tickets: a new one goes to the end of the list.
	Name string `yaml:"name"`
	// Claim is the name of a claim that identity providers give.
	Claim string `yaml:"claim"`
	// In are the values of the claim that make a member. Needed with Claim.
	In []string `yaml:"in"`
	// Invitations lets in who holds a code that `waitroom invite` has made; each is good for one
	// person. Default false.
	Invitations bool `yaml:"invitations"`
}

// Window is a time in which some may enter: one, From until Until; or one on each date from First
// to Last, from Opens until Closes.
type Window struct {
	// Kind is rotation, those whose day of birth has the last digit of the date (9 on the 9th, 19th
	// and 29th); everyone; or group. Needed. A rotation has dates.
	Kind string `yaml:"kind" in:"rotation|everyone|group"`
	// Group is the name of the group, with kind group.
	Group string `yaml:"group"`
	// From and Until are local times: 2021-08-19T20:00. Until does not belong to the window.
	From  LocalTime `yaml:"from"`
	Until LocalTime `yaml:"until"`
	// First and Last are dates: 2021-08-09. Both belong to the window.
	First Date `yaml:"first"`
	Last  Date `yaml:"last"`
	// Opens and Closes are times of day: "20:00". Closes is the next day's where it is not after
	// Opens, and does not belong to the window.
	Opens  ClockTime `yaml:"opens"`
	Closes ClockTime `yaml:"closes"`
}

// LocalTime is a date and a time of day without a zone: 2021-08-19T20:00, with seconds where they
// are needed. It is kept as if in UTC.
type LocalTime struct{ Time time.Time }

// Date is a day of the calendar: 2021-08-09. It is kept as its midnight in UTC.
type Date struct{ Time time.Time }

// ClockTime is a time of day as a clock shows it: 20:00, with seconds where they are needed.
type ClockTime struct{ SinceMidnight time.Duration }

// Count is a number with or without commas between thousands: 1,900,000.
type Count int64

// The years that dates may be of.
const firstYear, lastYear = 1971, 2199

func parseLocalTime(text string) (LocalTime, error) {
	t, ok := parseLayouts(text, "2006-01-02T15:04", "2006-01-02T15:04:05")
	if !ok {
		mend := "write date and time of day without a zone, such as 2021-08-19T20:00"
		if _, err := time.Parse(time.RFC3339, text); err == nil {
			mend = "write it without its zone, as clocks in `zone` show it"
		}
		return LocalTime{}, &fault{quote(text) + " is not a local time", mend}
	}
	return LocalTime{t}, inYears(text, t)
}

func parseDate(text string) (Date, error) {
	t, ok := parseLayouts(text, time.DateOnly)
	if !ok {
		return Date{}, &fault{quote(text) + " is not a date", "write year, month and day such as 2021-08-09"}
	}
	return Date{t}, inYears(text, t)
}

func parseClockTime(text string) (ClockTime, error) {
	t, ok := parseLayouts(text, "15:04", time.TimeOnly)
	if !ok {
		mend := `write hours and minutes such as "20:00"`
		if text == "24:00" {
			mend = `write "00:00": a closing time that is not after the opening time is the next day's`
		}
		return ClockTime{}, &fault{quote(text) + " is not a time of day", mend}
	}
	return ClockTime{t.Sub(t.Truncate(24 * time.Hour))}, nil
}

// parseLayouts reads text that is written in one of the layouts, in full.
func parseLayouts(text string, layouts ...string) (time.Time, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil && t.Format(layout) == text {
			return t, true
		}
	}
	return time.Time{}, false
}

func inYears(text string, t time.Time) error {
	if t.Year() < firstYear || t.Year() > lastYear {
		return &fault{quote(text) + " is of another time", fmt.Sprintf("write a year from %d to %d", firstYear, lastYear)}
	}
	return nil
}

// parseWhole reads a whole number, with or without commas between thousands.
func parseWhole(text string) (Count, error) {
	n, ok := parseCount(strings.TrimSpace(text))
	if !ok || n%rateScale != 0 {
		return 0, &fault{quote(text) + " is not a whole number", "write one such as 1,900,000"}
	}
	return Count(n / rateScale), nil
}

// String is the number with commas between thousands.
func (c Count) String() string { return group(decimal(int64(c) * rateScale)) }
