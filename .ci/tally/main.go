// Command tally reads `go test -json` from standard input. It shows what `go test` shows, that is
// one line for each package and all output of a test that failed, and closes with how many tests
// passed, failed, and were skipped. It exits with 1 if a test failed or was skipped, or if there
// were none: a test that does not run proves nothing.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of `go test -json`; see `go doc cmd/test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// key names a test, or with Test empty a package.
type key struct{ pkg, test string }

// tally is what was seen until now.
type tally struct {
	passed, failed, skipped, packages int
	broken                            int              // packages that failed, or did not build
	output                            map[key][]string // of what is not yet closed
}

func main() {
	t := tally{output: map[key][]string{}}
	in := json.NewDecoder(os.Stdin)
	for {
		var e event
		if err := in.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			fmt.Println("read the events of go test:", err)
			os.Exit(1)
		}
		fmt.Print(t.add(e))
	}
	fmt.Printf("\ntests: %d passed, %d failed, %d skipped, in %d packages\n", t.passed, t.failed, t.skipped, t.packages)
	if t.broken > 0 {
		fmt.Printf("packages: %d failed\n", t.broken)
	}
	if !t.good() {
		os.Exit(1)
	}
}

// good says that tests ran, and that all of them passed.
func (t *tally) good() bool { return t.passed > 0 && t.broken+t.failed+t.skipped == 0 }

// add counts one event, and returns what is to be shown of it.
func (t *tally) add(e event) string {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		return e.Output
	case "output":
		t.output[k] = append(t.output[k], e.Output)
		return ""
	case "pass", "fail", "skip":
		show := t.end(k, e.Action)
		delete(t.output, k)
		return show
	}
	return ""
}

// end closes a test or package. Of a passed package the closing line is shown, of what failed or
// was skipped everything.
func (t *tally) end(k key, action string) string {
	all := t.output[k]
	if k.test == "" {
		if action == "fail" {
			t.broken++
			return strings.Join(all, "")
		}
		if action == "skip" || len(all) == 0 {
			return "" // no test files
		}
		t.packages++
		return all[len(all)-1]
	}
	switch action {
	case "pass":
		t.passed++
		return ""
	case "fail":
		t.failed++
	case "skip":
		t.skipped++
	}
	return k.pkg + ": " + strings.TrimLeft(strings.Join(all, ""), " ")
}
