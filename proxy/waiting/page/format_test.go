package page

import "testing"

func TestTheWaitIsAnHonestRange(t *testing.T) {
	tpl := mustNew(t, []byte("{{eta}}"))
	f := func(low, high int64, ko, en string) {
		t.Helper()
		for language, want := range map[string]string{"ko": ko, "en": en} {
			got := string(tpl.Append(nil, &Facts{State: "waiting", Low: low, High: high, Language: language}))
			if got != want {
				t.Errorf("%d to %d s: %q, want %q", low, high, got, want)
			}
		}
	}
	f(-1, -1, "", "")                                                        // nothing known, nothing said
	f(5, 40, "1분 이내", "less than a minute")                                  // no seconds: nobody knows them
	f(30, 150, "3분 이내", "up to 3 min")                                       // rounded outwards
	f(720, 1040, "약 12~18분", "about 12–18 minutes")                          // the usual case
	f(720, 720, "약 12분", "about 12 min")                                     // no range
	f(1040, 720, "약 12분", "about 12 min")                                    // never upside down
	f(3000, 3600, "약 50~60분", "about 50–60 minutes")                         // up to an hour by minutes
	f(3900, 7800, "약 1시간 5분~2시간 10분", "about 1 h 5 min to 2 h 10 min")       // beyond, by five minutes
	f(120, 3700, "1시간 5분 이내", "up to 1 h 5 min")                             // low rounds to nothing
	f(7200, 7200, "약 2시간", "about 2 h")                                      // whole hours
	f(600, -1, "10분 이상", "at least 10 min")                                  // no upper end
	f(-1, 600, "10분 이내", "up to 10 min")                                     // no lower end
	f(3_600_000, 7_200_000, "약 1,000시간~2,000시간", "about 1,000 h to 2,000 h") // absurd, but written properly
}

func TestTheCountdownRoundsUpAndNeverBelowZero(t *testing.T) {
	tpl := mustNew(t, []byte("{{countdown}}"))
	f := func(micros int64, want string) {
		t.Helper()
		if got := string(tpl.Append(nil, &Facts{State: "early", OpensAt: instant + micros, ServerTime: instant, Language: "en"})); got != want {
			t.Errorf("%d µs: %q, want %q", micros, got, want)
		}
	}
	f(0, "00:00")
	f(-5_000_000, "00:00")
	f(1, "00:01")
	f(59_000_000, "00:59")
	f(3599_000_001, "01:00:00")
	f(86_399_000_000, "23:59:59")
	f(86_400_000_000, "1 d 00:00:00")
	f(400*86_400_000_000+61_000_000, "400 d 00:01:01")
}

func TestNumbersHaveTheirThousandsMarked(t *testing.T) {
	f := func(n int64, want string) {
		t.Helper()
		if got := string(appendNumber(nil, n)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(0, "0")
	f(999, "999")
	f(1000, "1,000")
	f(10_000_000, "10,000,000")
	f(-1000, "-1,000")
	f(-100, "-100")
}
