package page

import (
	"strings"
	"testing"
)

func TestAPuzzleStandsInAScriptOfItsOwnAndNowhereElse(t *testing.T) {
	tmpl, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{Room: "booking", State: "limited", Low: -1, High: -1, Nonce: "N", Return: "/"}
	if page := string(tmpl.Append(nil, &f)); strings.Contains(page, "src=") || strings.Contains(page, noScript) {
		t.Error("a page without a puzzle has a second script, or says that it needs one")
	}
	f.Puzzle, f.PuzzleScript = `{"a":"</script>'"}`, "/.waitroom/work.js"
	page := string(tmpl.Append(nil, &f))
	want := `<script nonce="N" src="/.waitroom/work.js" data-room="booking" data-puzzle="{&#34;a&#34;:&#34;&lt;/script&gt;&#39;&#34;}"></script>`
	if strings.Count(page, want) != 1 {
		t.Errorf("the page has no\n%s", want)
	}
	if strings.Count(page, noScript) != 1 {
		t.Error("who has no script is not told that they need it")
	}
	f.Login, f.Invite, f.Return = "/.waitroom/booking/login/kakao", `"x`, "//evil.example"
	page = string(tmpl.Append(nil, &f))
	if want := ` data-login="/.waitroom/booking/login/kakao" data-invite="&#34;x" data-return="/"></script>`; strings.Count(page, want) != 1 {
		t.Errorf("the page of somebody who is to be verified has no\n%s", want)
	}
}
