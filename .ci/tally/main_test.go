package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// feed gives t the events, one JSON object a line, and returns all that is shown.
func feed(t *testing.T, c *tally, events string) string {
	t.Helper()
	var shown strings.Builder
	for line := range strings.Lines(events) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		shown.WriteString(c.add(e))
	}
	return shown.String()
}

func TestAPassedPackageIsOneLineAndAFailedTestIsShownWhole(t *testing.T) {
	c := &tally{output: map[key][]string{}}
	got := feed(t, c, `{"Action":"output","Package":"p","Test":"TestGood","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"    a_test.go:1: why\n"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
{"Action":"output","Package":"q","Output":"PASS\n"}
{"Action":"output","Package":"q","Output":"ok  \tq\t0.1s\n"}
{"Action":"pass","Package":"q"}`)
	want := "p: a_test.go:1: why\nFAIL\tp\t0.1s\nok  \tq\t0.1s\n"
	if got != want {
		t.Errorf("shown %q, want %q", got, want)
	}
}

func TestTheVerdictIsGoodOnlyIfTestsRanAndNoneFailedOrWasSkipped(t *testing.T) {
	f := func(events string, want bool) {
		t.Helper()
		c := &tally{output: map[key][]string{}}
		feed(t, c, events)
		if c.good() != want {
			t.Errorf("good is %v after\n%s", !want, events)
		}
	}
	pass := `{"Action":"pass","Package":"p","Test":"TestGood"}` + "\n"
	f(pass, true)
	// Nothing ran: nothing is proved.
	f(`{"Action":"skip","Package":"p"}`, false)
	f(pass+`{"Action":"skip","Package":"p","Test":"TestLater"}`, false)
	f(pass+`{"Action":"fail","Package":"p","Test":"TestBad"}`, false)
	// A package that does not build has no test that could fail.
	f(pass+`{"Action":"fail","Package":"q"}`, false)
}
