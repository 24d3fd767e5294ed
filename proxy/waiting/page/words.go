package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html"
	"maps"
	"strings"
)

//go:embed assets/words.json
var wordsSource []byte

//go:embed assets/base.css
var baseStyle string

//go:embed assets/page.css
var ownStyle string

//go:embed assets/shared.js
var sharedScript string

//go:embed assets/page.js
var scriptSource string

// Phrase is a state's heading and its sentence.
type Phrase [2]string

// Words is one language, escaped for HTML already. Nobody may change it.
type Words struct {
	Name   string            `json:"name"`
	Own    string            `json:"own"`
	States map[string]Phrase `json:"states"`
	Labels map[string]string `json:"labels"`
	Months []string          `json:"months"`
}

// phrase returns what is said in f's state.
func (w *Words) phrase(f *Facts) Phrase {
	if isDraw(f) {
		return w.States["draw"]
	}
	if p, ok := w.States[f.State]; ok {
		return p
	}
	return w.States["waiting"]
}

// loadWords reads both languages.
func loadWords() map[string]*Words { return ReadWords(nil) }

// ReadWords gives both languages, with the states and labels of own, JSON of the same form, over those of the waiting page. Words are
// part of the program, so it panics where there is a mistake in them.
func ReadWords(own []byte) map[string]*Words {
	all, more := map[string]*Words{}, map[string]*Words{}
	err := json.Unmarshal(wordsSource, &all)
	if err == nil && own != nil {
		err = json.Unmarshal(own, &more)
	}
	if err != nil {
		panic("BUG: words.json: " + err.Error())
	}
	for language, w := range more {
		maps.Copy(all[language].States, w.States)
		maps.Copy(all[language].Labels, w.Labels)
	}
	for _, w := range all {
		w.Name, w.Own = html.EscapeString(w.Name), html.EscapeString(w.Own)
		for k, p := range w.States {
			w.States[k] = Phrase{html.EscapeString(p[0]), html.EscapeString(p[1])}
		}
		for k, s := range w.Labels {
			w.Labels[k] = html.EscapeString(s)
		}
	}
	return all
}

// loadScript returns the page's script with both languages in it, so that the switch works without a network: up to the end of the
// first language, the second, and what follows.
func loadScript() []string {
	var compact, safe bytes.Buffer
	if err := json.Compact(&compact, wordsSource); err != nil {
		panic("BUG: words.json: " + err.Error())
	}
	// Neither </script> nor <!-- may appear inside a script element.
	json.HTMLEscape(&safe, compact.Bytes())
	before, after, _ := strings.Cut(Script(scriptSource), "WORDS")
	ko, en, _ := strings.Cut(safe.String(), `,"en":`)
	return []string{before + ko, `,"en":` + en, after}
}

// Style is the style that all pages share, and own behind it, without what nobody should download.
func Style(own string) string { return squeeze(baseStyle) + squeeze(own) }

// Script is source without what nobody should download. SHARED in it stands for what all pages' scripts share.
func Script(source string) string {
	return tighten(squeeze(strings.Replace(source, "SHARED", sharedScript, 1)))
}

// tighten drops the spaces around what separates words anyway, and line breaks where none is needed. Strings are left alone, and
// lines with a slash, which may begin a regular expression.
func tighten(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if strings.Contains(line, "/") {
			b.WriteString(line)
			continue
		}
		quoted := false
		for i := range len(line) {
			c := line[i]
			if c == '\'' && (i == 0 || line[i-1] != '\\') {
				quoted = !quoted
			}
			switch {
			case c == '\n' && strings.IndexByte(";{,([", line[i-1]) >= 0:
			case c == ' ' && !quoted && separates(line[i-1], line[i+1]):
			default:
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}

// separates tells whether there is no need for a space between a and b.
func separates(a, b byte) bool {
	const signs, marks = "+-", "=*<>{}();,:?&|![]+-"
	both := strings.IndexByte(signs, a) >= 0 && strings.IndexByte(signs, b) >= 0 // a + +b
	return !both && (strings.IndexByte(marks, a) >= 0 || strings.IndexByte(marks, b) >= 0)
}

// squeeze drops indentation, empty lines and lines that are only a comment: nobody should download those.
func squeeze(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/*") {
			continue
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}
