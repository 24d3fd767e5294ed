package page

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var gallery = flag.String("gallery", "", "write every state in both languages as HTML files into this folder")

var seoul = time.FixedZone("KST", 9*3600)

// instant is the evening on which the pages of these tests are rendered: 12 August 2021, 19:42:10 in Seoul.
const instant = 1628764930000000

// states are all that a page can say.
var states = []string{"early", "draw", "waiting", "called", "admitted", "paused", "recovering", "full", "closed", "sold_out",
	"other_device", "unconfirmed", "away", "down", "bad", "limited"}

// example returns likely facts for a state.
func example(state, language string) *Facts {
	f := &Facts{Room: "booking", State: state, Position: 1234, Waiting: 482_913, TicketNumber: 51_077, Low: 12 * 60, High: 17*60 + 20,
		NextPollMS: 20_000, ServerTime: instant, Return: "/book/slots?day=2021-08-12&centre=3", Language: language,
		Nonce: "bm9uY2Utb2YtdGhlLXBhZ2U=", Zone: seoul}
	switch state {
	case "early":
		f.OpensAt = instant + 1_070_000_000
	case "draw":
		f.State, f.Position, f.OpensAt = "early", 0, instant+2*86_400_000_000
		f.DrawHash = strings.Repeat("9f86d081884c7d65", 4)
	case "waiting":
		f.Message = "접종 대상을 확인해 주십시오. 1962~1966년생만 예약하실 수 있습니다."
		if language == "en" {
			f.Message = "Please check who may book: people born from 1962 to 1966 only."
		}
	case "called":
		f.Position, f.NextPollMS = 0, 2_000
	case "admitted":
		f.Position, f.EnterAt = 0, instant+3_600_000
	case "full":
		f.Low, f.High = 65*60, 130*60
	case "closed", "sold_out", "other_device":
		f.NextPollMS = 0
	case "unconfirmed", "down", "bad", "limited":
		f.Position, f.Waiting, f.TicketNumber, f.ServerTime = 0, 0, 0, 0
		f.Status, f.RequestID, f.NextPollMS = 502, "01J9Z3K5V8Q2", 0
	}
	return f
}

func TestGalleryOfEveryStateIsWritten(t *testing.T) {
	dir := *gallery
	if dir == "" {
		dir = t.TempDir()
	}
	tpl := mustNew(t, nil)
	for _, language := range []string{"ko", "en"} {
		for _, state := range states {
			name := filepath.Join(dir, state+"."+language+".html")
			if err := os.WriteFile(name, tpl.Append(nil, example(state, language)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	policy := ContentSecurityPolicy(example("waiting", "ko").Nonce)
	if err := os.WriteFile(filepath.Join(dir, "policy.txt"), []byte(policy), 0o644); err != nil {
		t.Fatal(err)
	}
	written, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(written) < 2*len(states) {
		t.Fatalf("the gallery holds %d pages (%v), want %d", len(written), err, 2*len(states))
	}
}

func mustNew(t testing.TB, own []byte) *Template {
	t.Helper()
	tpl, err := New(own)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}
