package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var evening = time.Date(2021, 8, 12, 11, 0, 0, 0, time.UTC)

func TestTheDayOfBirthIsReadInEveryFormThereIs(t *testing.T) {
	f := func(want int, why Why, pairs ...string) {
		t.Helper()
		claims := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			claims[pairs[i]] = pairs[i+1]
		}
		got, gotWhy, err := birthDigit(claims, evening)
		if got != want || gotWhy != why || (err == nil) != (want >= 0) {
			t.Errorf("%q: %d %q %v, and should be %d %q", pairs, got, gotWhy, err, want, why)
		}
		for i := 1; err != nil && i < len(pairs); i += 2 {
			if len(pairs[i]) > 3 && strings.Contains(err.Error(), pairs[i]) {
				t.Errorf("%q: the error tells it: %v", pairs, err)
			}
		}
	}
	f(2, "", "birthdate", "1990-03-12")
	f(0, "", "birthdate", "1990-03-30")
	f(2, "", "birthdate", "0000-03-12")
	f(2, "", "birthdate", "--03-12")
	f(2, "", "birthdate", "19900312")
	f(9, "", "birthdate", "0000-02-29") // there is one, in some year
	f(9, "", "birthdate", "2000-02-29")
	f(9, "", "birthdate", "--02-29")
	f(1, "", "birthday", "1231", "birthyear", "1990")
	f(1, "", "birthday", "12-31", "birthyear", "1990")
	f(1, "", "birthday", "1231")
	f(1, "", "birthday", "1231", "birthdate", "1990") // the year alone, and the day beside it
	f(2, "", "birthdate", "1990-03-12", "birthday", "0312", "birthyear", "1990")
	f(2, "", "birthdate", "1990-03-12", "birthday_type", "SOLAR")
	f(2, "", "birthdate", "1990-03-12", "birthday_type", "solar")
	f(3, "", "birthdate", "2021-08-13") // it is tomorrow somewhere

	f(-1, Lunar, "birthdate", "1990-03-12", "birthday_type", "LUNAR")
	f(-1, Lunar, "birthday_type", "LUNAR") // it does not matter which day
	f(-1, Incomplete, "birthdate", "1990-03-12", "birthday_type", "JULIAN")

	f(-1, Incomplete)
	f(-1, Incomplete, "birthdate", "1990")
	f(-1, Incomplete, "birthyear", "1990")
	f(-1, Incomplete, "birthdate", "0000-00-00")
	f(-1, Incomplete, "birthdate", "1990-00-00")
	f(-1, Incomplete, "birthdate", "1990-13-01")
	f(-1, Incomplete, "birthdate", "1990-02-30")
	f(-1, Incomplete, "birthdate", "1990-02-29")
	f(-1, Incomplete, "birthdate", "1900-02-29")
	f(-1, Incomplete, "birthdate", "1990-04-31")
	f(-1, Incomplete, "birthdate", "1849-04-30")
	f(-1, Incomplete, "birthdate", "2021-08-14")
	f(-1, Incomplete, "birthdate", "1990/03/12")
	f(-1, Incomplete, "birthdate", "12-03-1990")
	f(-1, Incomplete, "birthdate", "1990-3-12")
	f(-1, Incomplete, "birthdate", "1990-03-12T00:00:00Z")
	f(-1, Incomplete, "birthdate", " 1990-03-12")
	f(-1, Incomplete, "birthdate", "１９９０-03-12")
	f(-1, Incomplete, "birthdate", "-990-03-12")
	f(-1, Incomplete, "birthdate", "+990-03-12")
	f(-1, Incomplete, "birthday", "3-12")
	f(-1, Incomplete, "birthday", "03/12")
	f(-1, Incomplete, "birthday", "0230", "birthyear", "1990")
	f(-1, Incomplete, "birthday", "0229", "birthyear", "1990")
	f(-1, Incomplete, "birthday", "0312", "birthyear", "90")
	f(-1, Incomplete, "birthday", "0000")
	f(-1, Incomplete, "birthdate", "1990-03-12", "birthday", "0313")
	f(-1, Incomplete, "birthdate", "1990-03-12", "birthday", "0412")
	f(-1, Incomplete, "birthdate", "1990-03-12", "birthday", "0312", "birthyear", "1991")
}

func TestEveryDayOfACenturyHasItsDigit(t *testing.T) {
	for day := time.Date(1920, 1, 1, 0, 0, 0, 0, time.UTC); day.Before(evening); day = day.AddDate(0, 0, 1) {
		for _, claims := range []map[string]string{
			{claimDate: day.Format("2006-01-02")}, {claimDay: day.Format("0102"), claimYear: day.Format("2006")}, {claimDay: day.Format("01-02")},
		} {
			if got, _, err := birthDigit(claims, evening); err != nil || got != day.Day()%10 {
				t.Fatalf("%v: %d, %v", claims, got, err)
			}
		}
	}
}

func FuzzBirthDigit(f *testing.F) {
	f.Add("1990-03-12", "1990", "0312", "SOLAR")
	f.Add("--02-29", "", "", "")
	f.Add("0000-03-12", "2000", "03-12", "LUNAR")
	f.Add("1990", "19９0", "12-31", "x")
	f.Add("19900312", "0000", "0000", "")
	f.Fuzz(func(t *testing.T, date, year, day, kind string) {
		digit, why, err := birthDigit(map[string]string{claimDate: date, claimYear: year, claimDay: day, claimType: kind}, evening)
		if (digit < 0) != (err != nil) || (why == "") != (err == nil) || digit > 9 {
			t.Fatalf("%d %q %v", digit, why, err)
		}
		if err != nil {
			return
		}
		// What was read stands there as the last digit of a day.
		last := func(s string) bool { return s != "" && s[len(s)-1] == fmt.Sprint(digit)[0] }
		if !last(date) && !last(day) {
			t.Errorf("%q, %q: digit %d", date, day, digit)
		}
	})
}
