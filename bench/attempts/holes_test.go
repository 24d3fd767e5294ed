package attempts_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"waitroom/bench/attempts"
	"waitroom/bench/canary"
)

// unshown are the attempts that cannot be shown to find a hole, each with the reason.
var unshown = map[string]string{
	"C13": "it would take the twenty seconds that a slow connection is given; proxy/strict/server_test.go has the limits",
	"D11": "it restarts the program with other keys; token/ring_test.go shows what an unknown and a removed key are",
	"D8":  "no server can tell a profile that was copied whole: it reports what the copy meets, and refuses nothing",
	"D9":  "no server can tell for whom a helper signs: there is nothing to try",
}

// TestRawAndHTTPAttemptsFindTheHolesOfANaiveWaitingRoom shows that each attempt can
// succeed: where there is no defence it has to get through.
func TestRawAndHTTPAttemptsFindTheHolesOfANaiveWaitingRoom(t *testing.T) {
	t.Parallel()
	all := slices.DeleteFunc(chosen(t, attempts.Choice{Drivers: []string{"raw", "http"}}), func(a attempts.Attempt) bool {
		return unshown[a.ID] != "" || starts()[a.ID] != nil
	})
	c := canary.Start(t)
	site := startNaive(t, c.URL).site(c)
	site.Begin(t, all)
	r := attempts.Runner{Site: site, Parallel: 8}
	for _, o := range r.Run(t.Context(), all) {
		if o.Verdict != attempts.Through {
			t.Errorf("%s is %s where there is no defence: %d variants, %s", o.Attempt.ID, o.Verdict, o.Tried, o.Because)
			continue
		}
		t.Logf("%s: %d of %d variants got through in %s", o.Attempt.ID, len(o.Found), o.Tried, o.Took)
	}
}

// TestTheCatalogueIsWhole holds the catalogue to its numbers, and each attempt to saying
// all that a tester needs.
func TestTheCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, a := range attempts.Catalogue() {
		if seen[a.ID] || !regexp.MustCompile(`^[A-H][1-9][0-9]?$`).MatchString(a.ID) {
			t.Errorf("the id %s stands twice, or is none", a.ID)
		}
		seen[a.ID] = true
		if a.Title == "" || a.Steps == "" || a.Expect == "" || len(a.Refs) == 0 || !strings.HasSuffix(a.Title, ".") && !strings.HasSuffix(a.Title, "?") {
			t.Errorf("%s: title, steps, right answer or references are missing", a.ID)
		}
		if (a.Run == nil) != (a.Driver == attempts.Static) {
			t.Errorf("%s: what is not static is run", a.ID)
		}
		for _, ref := range a.Refs {
			if !regexp.MustCompile(`^(CWE-\d+|WSTG-[A-Z]{4}-\d\d(\.\d)?|ASVS \d+\.\d+\.\d+|OAT-\d{3}|RFC \d{4}|CVE-\d{4}-\d+)$`).MatchString(ref) {
				t.Errorf("%s: %q is no reference", a.ID, ref)
			}
		}
	}
	for family, n := range map[string]int{"A": 8, "B": 15, "C": 14, "D": 17, "E": 12, "F": 8, "G": 12, "H": 8} {
		for i := 1; i <= n; i++ {
			if id := family + strconv.Itoa(i); !seen[id] {
				t.Errorf("%s is missing", id)
			}
		}
	}
	for id := range unshown {
		if !seen[id] {
			t.Errorf("%s is excused, and does not exist", id)
		}
	}
}

func TestTheDocumentOfAttemptsIsCurrent(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	if err := attempts.Markdown(&want, attempts.Catalogue()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/attempts.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Error("docs/attempts.md is not what the catalogue says; run: go run ./cmd/bypass -list -o markdown >docs/attempts.md")
	}
}
