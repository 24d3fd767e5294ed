package config

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestRatesAreReadExactly(t *testing.T) {
	for _, row := range []struct {
		why, text string
		perHour   float64
		echo      string
		short     string
	}{
		{"the rate of August 2021", "2,000,000/h", 2_000_000, "2,000,000/h = 33,333.3/min = 555.6/s", "2,000,000/h"},
		{"without commas", "30000/min", 1_800_000, "1,800,000/h = 30,000/min = 500/s", "30,000/min"},
		{"with decimals", "555.5/s", 1_999_800, "1,999,800/h = 33,330/min = 555.5/s", "555.5/s"},
		{"over several seconds", "100/10s", 36_000, "36,000/h = 600/min = 10/s", "100/10s"},
		{"over several minutes", "5/15min", 20, "20/h = 0.333/min = 0.00556/s", "5/15min"},
		{"a period that has a larger unit", "7/120s", 210, "210/h = 3.5/min = 0.0583/s", "7/2min"},
		{"over a day", "24/24h", 1, "1/h = 0.0167/min = 0.000278/s", "24/24h"},
		{"no finite decimal", "1/7s", 3600.0 / 7, "514.3/h = 8.57/min = 0.143/s", "1/7s"},
		{"decimals that a float does not have", "0.1/s", 360, "360/h = 6/min = 0.1/s", "0.1/s"},
		{"small figures keep three digits", "1.25/s", 4500, "4,500/h = 75/min = 1.25/s", "1.25/s"},
		{"the most", "3,600,000,000/h", 3.6e9, "3,600,000,000/h = 60,000,000/min = 1,000,000/s", "3,600,000,000/h"},
		{"the most, in seconds", "1000000/s", 3.6e9, "3,600,000,000/h = 60,000,000/min = 1,000,000/s", "1,000,000/s"},
		{"the least", "1/24h", 1.0 / 24, "0.0417/h = 0.000694/min = 0.0000116/s", "1/24h"},
		{"nobody", "0", 0, "0/h = 0/min = 0/s", "0"},
		{"nobody, with a period", "0/h", 0, "0/h = 0/min = 0/s", "0"},
		{"nobody, with decimals", "0.00/min", 0, "0/h = 0/min = 0/s", "0"},
		{"space around", " 5/s\t", 18_000, "18,000/h = 300/min = 5/s", "5/s"},
		{"leading zeros", "007/s", 25_200, "25,200/h = 420/min = 7/s", "7/s"},
	} {
		r, err := ParseRate(row.text)
		if err != nil {
			t.Errorf("%s: %q: %v", row.why, row.text, err)
			continue
		}
		if r.PerHour() != row.perHour || r.String() != row.echo || r.Short() != row.short {
			t.Errorf("%s: %q is %v an hour, %q, %q; want %v, %q, %q", row.why, row.text, r.PerHour(), r, r.Short(), row.perHour, row.echo, row.short)
		}
	}
}

func TestTheZeroRateAdmitsNobody(t *testing.T) {
	var r Rate
	if r.PerHour() != 0 || r.Short() != "0" || r != mustRate(t, "0") || r != mustRate(t, "0/10s") {
		t.Errorf("the zero rate is %v, %q", r, r.Short())
	}
}

func TestWrongRatesAreRefusedWithTheMend(t *testing.T) {
	const ways = "write 2,000,000/h, 30000/min, 555.5/s or 100/10s"
	f := func(text, want string) {
		t.Helper()
		r, err := ParseRate(text)
		if err == nil || err.Error() != want || r != (Rate{}) {
			t.Errorf("%q:\n got %v, %v\nwant %s", text, r.Short(), err, want)
		}
	}
	notRate := func(text, quoted string) {
		t.Helper()
		f(text, quoted+" is not a rate; "+ways+"; 0 admits nobody")
	}
	noPeriod := func(text string) {
		t.Helper()
		f(text, `"`+text+`" has no period that is known; a rate is counted per h, min or s, or a whole number of them up to 24h: `+ways)
	}
	// Bare numbers: the unit would be a guess.
	f("500", "the rate 500 has no unit; write 500/h, 500/min or 500/s")
	f("2,000,000", "the rate 2,000,000 has no unit; write 2,000,000/h, 2,000,000/min or 2,000,000/s")
	// Not numbers, or numbers that could mean two things.
	notRate("", `""`)
	notRate("/h", `"/h"`)
	notRate("fast", `"fast"`)
	notRate("-5/s", `"-5/s"`)
	notRate("+5/s", `"+5/s"`)
	notRate("1e6/h", `"1e6/h"`)
	notRate("NaN/h", `"NaN/h"`)
	notRate("1,5/s", `"1,5/s"`)
	notRate("20,00/h", `"20,00/h"`)
	notRate("1000,000/h", `"1000,000/h"`)
	notRate(",100/h", `",100/h"`)
	notRate("1_000/h", `"1_000/h"`)
	notRate("5./s", `"5./s"`)
	notRate(".5/s", `".5/s"`)
	notRate("0.1234567/s", `"0.1234567/s"`)
	notRate("5 /s", `"5 /s"`)
	notRate("1000000000000000000000/h", `"1000000000000000000000/h"`)
	// Periods that are unknown, empty, or longer than a day.
	noPeriod("5/")
	noPeriod("5/d")
	noPeriod("5/m")
	noPeriod("5/hour")
	noPeriod("5/ s")
	noPeriod("5/0s")
	noPeriod("5/010s")
	noPeriod("5/25h")
	noPeriod("5/1.5h")
	noPeriod("5/s/s")
	noPeriod("5/99999999999999999999s")
	// Beyond the bounds.
	f("3,600,000,001/h", "the rate 3,600,000,001/h is above 3,600,000,000/h, one entry in a microsecond; write a lower rate")
	f("1000000.000001/s", "the rate 1000000.000001/s is above 3,600,000,000/h, one entry in a microsecond; write a lower rate")
	f("0.999999/24h", "the rate 0.999999/24h is below one entry in a day; write at least 1/24h, or 0 to admit nobody")
}

func TestRatesTravelThroughJSON(t *testing.T) {
	in := struct{ Rate Rate }{mustRate(t, "100/10s")}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"Rate":"100/10s"}` {
		t.Fatalf("%s, %v", data, err)
	}
	out := in
	out.Rate = Rate{}
	if err := json.Unmarshal(data, &out); err != nil || out != in {
		t.Errorf("%v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"Rate":"500"}`), &out); err == nil || out != in {
		t.Errorf("a bad rate gave %v and changed the value to %v", err, out)
	}
}

func TestARateIsItsCountOverItsPeriod(t *testing.T) {
	units := map[string]int64{"h": 3600, "min": 60, "s": 1}
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(1, 1_000_000).Draw(t, "count")
		unit := rapid.SampledFrom([]string{"h", "min", "s"}).Draw(t, "unit")
		r, err := ParseRate(group(decimal(count*rateScale)) + "/" + unit)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := big.NewRat(count*3600, units[unit]).Float64()
		if r.PerHour() != want {
			t.Fatalf("%s is %v an hour, want %v", r.Short(), r.PerHour(), want)
		}
	})
}

func FuzzRate(f *testing.F) {
	for _, seed := range []string{"2,000,000/h", "30000/min", "555.5/s", "100/10s", "0", "500", "1/7s", "0.000001/s", "9/24h", "x/h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRate(text)
		if err != nil {
			if r != (Rate{}) {
				t.Fatalf("%q is refused and gives %v", text, r)
			}
			return
		}
		again, err := ParseRate(r.Short())
		if err != nil || again != r || again.Short() != r.Short() {
			t.Fatalf("%q is %q, which is read as %v, %v", text, r.Short(), again.Short(), err)
		}
		if h := r.PerHour(); h < 0 || h > maxPerHour || (h == 0) != (r == Rate{}) {
			t.Fatalf("%q is %v an hour", text, h)
		}
	})
}

func mustRate(t *testing.T, text string) Rate {
	t.Helper()
	r, err := ParseRate(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
