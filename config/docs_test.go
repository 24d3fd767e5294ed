package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryConfigurationInTheDocumentsIsGood takes each block of YAML as it stands. One that leaves something out says so by a
// comment `# …` in its place; here stands what has to be there.
func TestEveryConfigurationInTheDocumentsIsGood(t *testing.T) {
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")
	n := 0
	for _, file := range append(files, "../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range blocks.FindAllSubmatchIndex(text, -1) {
			n++
			line := 1 + strings.Count(string(text[:at[2]]), "\n")
			_, err := Parse(file, []byte(completed(string(text[at[2]:at[3]]))), nil)
			for _, p := range problems(err) {
				t.Errorf("%s, the block in line %d: %v", file, line, p)
			}
		}
	}
	if n < 10 {
		t.Errorf("%d blocks were found", n)
	}
}

// completed puts in what a block leaves out, in a room or around it.
func completed(block string) string {
	const room = "rooms:\n  - name: booking\n"
	const needed = "    backend: http://127.0.0.1:9000\n    rate: 2,000,000/h\n"
	if strings.Contains(block, "identity: required") && !strings.Contains(block, "identity:\n") {
		block = "identity:\n  origin: https://booking.example.kr\n  providers:\n" +
			"    - {name: id, issuer: \"https://id.example.kr\", client_id: waitroom, client_secret_file: id}\n" + block
	}
	left := regexp.MustCompile(`(?m)^( *)# ….*\n`)
	switch where := left.FindStringSubmatch(block); {
	case where == nil:
		return block
	case strings.HasPrefix(block, "    # …") && strings.Contains(block, "\n    - "):
		return "identity:\n  origin: https://booking.example.kr\n  providers:\n" + block + room + needed
	case strings.HasPrefix(block, "    # …"):
		return room + needed + block
	case where[1] == "":
		return block + room + needed
	}
	return left.ReplaceAllLiteralString(block, needed)
}

// problems are those of err, but for files that only the reader of the document has.
func problems(err error) (found []error) {
	if err == nil {
		return nil
	}
	all := Problems(nil)
	if !errors.As(err, &all) {
		return []error{err}
	}
	for _, p := range all {
		if !strings.Contains(p.What, "cannot be read: no such file") {
			found = append(found, errors.New(p.String()))
		}
	}
	return found
}
