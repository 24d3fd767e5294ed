package attempts

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a run found, or several, on different sites.
type Report struct {
	Runs []Tried `json:"runs"`
}

// Tried is what a run found at one site.
type Tried struct {
	// Name says which site, URL where it was, and Room which room.
	Name string `json:"name"`
	URL  string `json:"url"`
	Room string `json:"room"`
	// Took is in nanoseconds.
	Began    time.Time     `json:"began"`
	Took     time.Duration `json:"took_ns"`
	Outcomes []Outcome     `json:"attempts"`
}

// bad says that a verdict makes a run fail.
func (v Verdict) bad() bool { return v == Through || v == Wronged || v == Unclear }

// Failed says whether anything got through, somebody honest was wronged, or something is
// unclear.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Runs, func(t Tried) bool {
		return slices.ContainsFunc(t.Outcomes, func(o Outcome) bool { return o.Verdict.bad() })
	})
}

// Held says whether anything was refused: a run that could try nothing shows nothing.
func (r *Report) Held() bool {
	return slices.ContainsFunc(r.Runs, func(t Tried) bool {
		return slices.ContainsFunc(t.Outcomes, func(o Outcome) bool { return o.Verdict == Refused })
	})
}

// MarshalJSON writes the outcome with what the attempt is.
func (o *Outcome) MarshalJSON() ([]byte, error) {
	type plain Outcome
	return json.Marshal(struct {
		ID     string   `json:"id"`
		Title  string   `json:"title"`
		Expect string   `json:"expect"`
		Driver Driver   `json:"driver"`
		Refs   []string `json:"refs"`
		*plain
	}{o.Attempt.ID, o.Attempt.Title, o.Attempt.Expect, o.Attempt.Driver, o.Attempt.Refs, (*plain)(o)})
}

// JSON writes the whole report.
func (r *Report) JSON(to io.Writer) error {
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Table writes the report for people: each attempt in a line, the evidence of what got
// through, and the count by family.
func (r *Report) Table(to io.Writer) error {
	var b strings.Builder
	for i := range r.Runs {
		t := &r.Runs[i]
		variants := 0
		for _, o := range t.Outcomes {
			variants += o.Tried
		}
		fmt.Fprintf(&b, "%s: %s, room %s, %s: %s attempts, %s variants in %.0f s\n\n", t.Name, t.URL, t.Room,
			t.Began.UTC().Format(time.RFC3339), thousands(len(t.Outcomes)), thousands(variants), t.Took.Seconds())
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "id\tattempt\tverdict\tevidence")
		for j := range t.Outcomes {
			o := &t.Outcomes[j]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Attempt.ID, short(o.Attempt.Title, 90), o.Verdict, short(o.evidence(), 120))
		}
		_ = w.Flush()
		t.findings(&b)
		t.families(&b)
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// evidence is what the verdict rests on, in one line.
func (o *Outcome) evidence() string {
	switch {
	case len(o.Found) > 0:
		names := make([]string, 0, len(o.Found))
		for _, f := range o.Found {
			names = append(names, f.Variant)
		}
		return fmt.Sprintf("%s of %s variants: %s", thousands(len(o.Found)), thousands(o.Tried), strings.Join(names, "; "))
	case o.Because != "":
		return "because " + o.Because
	case o.Tried == 1:
		return "1 variant"
	}
	return thousands(o.Tried) + " variants"
}

// findings writes what got through, with the exact request and what came of it.
func (t *Tried) findings(b *strings.Builder) {
	for i := range t.Outcomes {
		o := &t.Outcomes[i]
		for _, f := range o.Found {
			fmt.Fprintf(b, "\n%s %s: %s\n  why: %s\n  the right answer: %s\n", o.Attempt.ID, o.Verdict, f.Variant, f.Why, o.Attempt.Expect)
			for _, part := range []struct{ name, text string }{{"sent", f.Sent}, {"answered", f.Answer}, {"the backend saw", f.Backend}} {
				if part.text != "" {
					fmt.Fprintf(b, "  %s:\n%s", part.name, quoted(part.text))
				}
			}
		}
	}
}

// quoted writes bytes line by line, what cannot be printed as an escape.
func quoted(text string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		if line != "" {
			q := fmt.Sprintf("%q", line)
			b.WriteString("    " + strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`) + "\n")
		}
	}
	return b.String()
}

// families writes the count by family.
func (t *Tried) families(b *strings.Builder) {
	b.WriteByte('\n')
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	verdicts := []Verdict{Refused, Through, Wronged, Unclear, Untried}
	fmt.Fprint(w, "family")
	for _, v := range verdicts {
		fmt.Fprintf(w, "\t%s", v)
	}
	fmt.Fprintln(w)
	for letter := 'A'; letter <= 'Z'; letter++ {
		count, some := map[Verdict]int{}, false
		for i := range t.Outcomes {
			if o := &t.Outcomes[i]; o.Attempt.Family() == string(letter) {
				count[o.Verdict]++
				some = true
			}
		}
		if !some {
			continue
		}
		fmt.Fprintf(w, "%c  %s", letter, Families[string(letter)])
		for _, v := range verdicts {
			fmt.Fprintf(w, "\t%s", thousands(count[v]))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	b.WriteByte('\n')
}

// JUnit writes the report as continuous integration reads it: what got through is a
// failure, what is unclear an error, what was not tried is skipped.
func (r *Report) JUnit(to io.Writer) error {
	type text struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Name    string  `xml:"name,attr"`
		Class   string  `xml:"classname,attr"`
		Seconds float64 `xml:"time,attr"`
		Failure *text   `xml:"failure,omitempty"`
		Error   *text   `xml:"error,omitempty"`
		Skipped *text   `xml:"skipped,omitempty"`
	}
	type suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Seconds  float64    `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	var all struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite  `xml:"testsuite"`
	}
	for i := range r.Runs {
		t := &r.Runs[i]
		s := suite{Name: t.Name + " " + t.URL, Tests: len(t.Outcomes), Seconds: t.Took.Seconds()}
		for j := range t.Outcomes {
			o := &t.Outcomes[j]
			c := testcase{Name: o.Attempt.ID + " " + o.Attempt.Title, Class: "bypass." + o.Attempt.Family(), Seconds: o.Took.Seconds()}
			switch o.Verdict {
			case Through, Wronged:
				var b strings.Builder
				(&Tried{Outcomes: t.Outcomes[j : j+1]}).findings(&b)
				c.Failure = &text{string(o.Verdict) + ": " + o.evidence(), b.String()}
				s.Failures++
			case Unclear:
				c.Error = &text{Message: o.Because}
				s.Errors++
			case Untried:
				c.Skipped = &text{Message: o.Because}
				s.Skipped++
			}
			s.Cases = append(s.Cases, c)
		}
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(to, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(to)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(to, "\n")
	return err
}

// short cuts a text to n characters.
func short(text string, n int) string {
	all := []rune(strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text))
	if len(all) <= n {
		return string(all)
	}
	return string(all[:n-1]) + "…"
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
