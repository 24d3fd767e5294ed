package choice

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var gallery = flag.String("gallery", "", "write every page in both languages as HTML files into this folder")

var seoul = time.FixedZone("KST", 9*3600)

// instant is when the pages of these tests are rendered: 12 August 2021, 20:04:10 in Seoul.
const (
	instant = 1628766250000000
	second  = 1_000_000
	hour    = 3600 * second
)

// examples are all that these pages can say, by name.
func examples() map[string]Facts {
	all := map[string]Facts{}
	offer := []Provider{{"naver", "네이버", "Naver", "smooth"}, {"kakao", "카카오", "Kakao", "delayed"},
		{"pass", "PASS (통신사)", "PASS (mobile phone)", "congested"}, {"bank", "금융인증서", "Bank certificate", "paused"},
		{"toss", "토스", "Toss", "down"}}
	all["identify"] = Facts{Providers: offer}
	all["stale"] = Facts{Providers: offer, Stale: true, LightsAt: instant - 95*second}
	all["early"] = Facts{Providers: offer, OpensAt: instant + 23*hour + 1550*second}
	all["invited"] = Facts{Providers: offer[:2], Invitations: true, Invite: "K3P9-7QWX", Message: "접종 대상을 확인해 주십시오."}
	for _, why := range []string{"canceled", "replayed", "mismatch", "forged", "lunar", "unavailable", "busy", "paused"} {
		all[why] = Facts{Providers: offer[:3], Failure: why, Failed: "kakao"}
	}
	all["incomplete"] = Facts{Providers: offer[:3], Failure: "incomplete", Missing: []string{"birthyear", "birthday", "gender"}}
	all["invitation"] = Facts{Providers: offer[:3], Failure: "invitation", Invitations: true, Invite: "K3P9-7QWX"}
	all["held"] = Facts{Kind: Held, Since: instant - 130*second, Until: instant + 470*second, Family: "Samsung Internet"}
	all["free"] = Facts{Kind: Held, Since: instant - 600*second, Until: instant, Family: "app"}
	all["taken"] = Facts{Kind: Taken, Since: instant - 15*second, Until: instant + 585*second, Family: "Chrome"}
	all["unknown_digit"] = Facts{Kind: NotEligible, Reason: "unknown_digit"}
	all["not_your_day"] = Facts{Kind: NotEligible, Reason: "not_your_day", Digit: "3", From: instant + 24*hour - 250*second, To: instant + 46*hour - 250*second}
	all["no_group"] = Facts{Kind: NotEligible, Reason: "no_group"}
	all["group_first"] = Facts{Kind: NotEligible, Reason: "no_group", Digit: "3", From: instant + 24*hour - 250*second, To: instant + 46*hour - 250*second}
	all["not_yet"] = Facts{Kind: NotEligible, Reason: "not_yet", From: instant + 167*hour, To: instant + 900*hour}
	all["over"] = Facts{Kind: NotEligible, Reason: "over", Digit: "7"}
	all["sold_out"] = Facts{Kind: SoldOut, OpensAt: instant + 24*hour - 250*second}
	all["sold_out_for_good"] = Facts{Kind: SoldOut}
	return all
}

// example is one of them, complete.
func example(f Facts, language string) *Facts {
	f.Room, f.ServerTime, f.Return, f.Language, f.Zone = "booking", instant, "/book/slots?day=2021-08-12&centre=3", language, seoul
	f.Nonce = "bm9uY2Utb2YtdGhlLXBhZ2U="
	return &f
}

func TestGalleryOfEveryPageIsWritten(t *testing.T) {
	dir := *gallery
	if dir == "" {
		dir = t.TempDir()
	}
	pages := New()
	for name, f := range examples() {
		for _, language := range []string{"ko", "en"} {
			file := filepath.Join(dir, name+"."+language+".html")
			if err := os.WriteFile(file, pages.Append(nil, example(f, language)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	policy := Policy(example(Facts{}, "ko").Nonce, false)
	if err := os.WriteFile(filepath.Join(dir, "policy.txt"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	written, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(written) < 2*len(examples()) {
		t.Fatalf("the gallery holds %d pages (%v), want %d", len(written), err, 2*len(examples()))
	}
}
