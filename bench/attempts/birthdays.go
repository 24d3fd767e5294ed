package attempts

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"waitroom/bench/provider"
)

// rotates are settings of a room by turns of the day of birth, each for the whole of its day in Korea.
func rotates(first, last time.Time, more string) map[string]string {
	return map[string]string{"eligibility": fmt.Sprintf(`{zone: Asia/Seoul, windows: [{kind: rotation, first: %s, last: %s, opens: "00:00", closes: "00:00"}%s]}`,
		first.Format(time.DateOnly), last.Format(time.DateOnly), more)}
}

// born is somebody whose day of birth has a last digit; different n are different people.
func born(digit, n int) int { return 100 + 10*n + digit }

// seoul is what is needed of that zone.
var seoul = time.FixedZone("KST", 9*60*60)

// told is what a provider says beside what it would say; nil takes a claim away.
type told map[string]any

// careless are days of birth that a careless reader takes for one with this last digit, by what is wrong with them.
func careless(digit int) map[string]told {
	day := func(format string) string { return fmt.Sprintf(format, digit) }
	other := func(format string) string { return fmt.Sprintf(format, (digit+5)%10) }
	return map[string]told{
		"nothing":                     {"birthdate": nil},
		"no month":                    {"birthdate": day("0000-00-0%d")},
		"no year and no month":        {"birthdate": day("--00-1%d")},
		"30 February":                 {"birthdate": "1990-02-3" + map[bool]string{true: fmt.Sprint(digit), false: "0"}[digit > 1]},
		"the 13th month":              {"birthdate": day("1990-13-1%d")},
		"a day to come":               {"birthdate": day("2199-01-1%d")},
		"two hundred years ago":       {"birthdate": day("1790-01-1%d")},
		"a day of the lunar calendar": {"birthdate": day("1990-03-1%d"), "birthday_type": "LUNAR"},
		"another calendar":            {"birthdate": day("1990-03-1%d"), "birthday_type": "JULIAN"},
		"two days that differ":        {"birthdate": day("1990-03-1%d"), "birthday": other("03-1%d")},
		"and the other way round":     {"birthdate": other("1990-03-1%d"), "birthday": day("03-1%d")},
		"a list":                      {"birthdate": []string{day("1990-03-1%d")}},
		"an object":                   {"birthdate": told{"value": day("1990-03-1%d"), "verified": false}},
		"blanks":                      {"birthdate": day(" 1990-03-1%d ")},
		"with a time":                 {"birthdate": day("1990-03-1%dT00:00:00Z")},
		"one digit":                   {"birthdate": day("%d")},
		"the year alone":              {"birthdate": day("199%d")},
		"other digits":                {"birthdate": "1990-03-1" + string(rune('０'+digit))},
	}
}

// forgedBirthdays has accounts of other days say what a careless reader takes for today's digit.
func forgedBirthdays(s *Stage) {
	today := time.Now().In(seoul)
	digit := today.Day() % 10
	v := s.verifies(verifying{room: rotates(today, today, "")})
	demo, people := v.parties["demo"], 0
	try := func(name string, says told, more url.Values) {
		people++
		demo.says(func(path string, all map[string]any) {
			if path == "/userinfo" {
				maps.Copy(all, says)
				maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
			}
		})
		who := v.visitor()
		for field := range more {
			who.With("X-"+field, more.Get(field))
		}
		page, a := v.begin(who, "demo", more)
		if page == "" {
			s.Fatalf("login: %d %.300s", a.Status, a.Body)
		}
		back := v.choose(page, born((digit+5)%10, people)) + "&" + more.Encode()
		a, why := v.placed(who, strings.TrimSuffix(back, "&"))
		s.Check(name, fmt.Sprintf("GET %s, with the claims %v", back, says), a, why)
	}
	for name, says := range careless(digit) {
		try("the provider says: "+name, says, nil)
	}
	said := url.Values{}
	for _, name := range []string{"birthdate", "birthday", "digit", "fct", "claims"} {
		said.Set(name, fmt.Sprintf("1990-03-1%d", digit))
	}
	try("the visitor says so", nil, said)
	demo.Turn(func(k *provider.Knobs) { k.Forge = provider.NoProfile })
	try("no profile, and the visitor says so", nil, said)
	demo.Turn(func(k *provider.Knobs) { k.Forge = "" })
	demo.says(nil)
	if time.Now().In(seoul).Day() == today.Day() {
		v.seat("demo", born(digit, 99))
	}
}

// edges goes through the edges of days, months and years by the store's clock, with the people of each day and their neighbours.
func edges(s *Stage) {
	c := s.settable()
	date := func(text string) time.Time {
		t, err := time.ParseInLocation("2006-01-02T15:04:05", text, seoul)
		if err != nil {
			panic("BUG: a date of the attempts' own: " + err.Error())
		}
		return t
	}
	year := time.Now().Year()/4*4 + 4 // the next one with a 29 February
	in := func(text string) time.Time { return date(fmt.Sprint(year, text)) }
	next := func(text string) time.Time { return date(fmt.Sprint(year+1, text)) }
	second := fmt.Sprintf(`, {kind: rotation, first: %d-12-29, last: %d-01-02, opens: "00:00", closes: "00:00"}`, year, year+1)
	v := s.verifies(verifying{store: c.store, clock: c.now, room: rotates(in("-02-27T00:00:00"), in("-03-02T00:00:00"), second)})
	for n, at := range []time.Time{
		in("-02-28T23:59:30"), in("-02-29T00:00:02"), in("-02-29T23:59:30"), in("-03-01T00:00:02"), in("-03-01T08:59:30"), in("-03-01T09:00:02"), // midnight of UTC
		in("-12-30T23:59:30"), in("-12-31T00:00:02"), in("-12-31T23:59:30"), next("-01-01T00:00:02"),
	} {
		c.set(v, at)
		digit := at.Day() % 10
		turns := map[string]int{"whose turn it is": digit}
		for what, by := range map[string]int{"of the day before": -1, "of the day after": 1} {
			if other := at.AddDate(0, 0, by).Day() % 10; other != digit {
				turns[what] = other
			}
		}
		if zero := 0; digit != zero && at.Month() == time.March {
			turns["of the 30th, whom February has none for"] = zero
		}
		for what, other := range turns {
			who := v.visitor().With("Date", at.AddDate(0, 0, 1).UTC().Format(time.RFC1123)).With("X-Timezone", "America/Los_Angeles")
			a, why := v.placed(who, v.login(who, "demo", born(other, n)))
			variant := fmt.Sprintf("%s, somebody %s", at.Format("2006-01-02 15:04:05"), what)
			switch {
			case c.now().In(seoul).Day() != at.Day():
				s.Skip("the machine was too slow: the day was over before it was tried")
			case other != digit:
				s.Check(variant, "GET callback", a, why)
			case why == "":
				s.Wronged(Finding{Variant: variant, Answer: said(a), Why: "whose turn it is was refused"})
			}
		}
	}
}
