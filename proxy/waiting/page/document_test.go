package page

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestTheDocumentOnOwnPagesShowsAWholePageAndFieldsThatThereAre(t *testing.T) {
	text, err := os.ReadFile("../../../docs/own-page.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```html\n")
	own, _, _ := strings.Cut(rest, "```")
	if _, err := New([]byte(own)); err != nil {
		t.Error(err)
	}
	if missing := Missing([]byte(own)); missing != nil {
		t.Errorf("it lacks %q", missing)
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile(`\{\{([a-z_.]+)\}\}`).FindAllStringSubmatch(string(text), -1) {
		told[m[1]] = true
	}
	for name := range told {
		if fieldKind(name) == unknown {
			t.Errorf("{{%s}} is not a field", name)
		}
	}
	for name := range compile(builtIn).fields {
		if !told[name] && !strings.HasPrefix(name, "label.") {
			t.Errorf("{{%s}} is not told", name)
		}
	}
}
