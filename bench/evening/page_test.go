package evening_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"waitroom/bench/browser"
)

// TestThePageInEveryStateIsAccessibleAndBehaves writes the waiting page in every state
// and both languages, and has Chromium look at them: axe finds nothing at telephone and
// desktop size, light and dark, with and without script; and the script does what it
// promises, through network loss, hidden tabs and lost answers.
func TestThePageInEveryStateIsAccessibleAndBehaves(t *testing.T) {
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run(t, exec.Command("go", "test", "waitroom/proxy/waiting/page", "-count=1", "-run", "Gallery", "-gallery", dir))
	for _, script := range []string{"axe.mjs", "page.mjs"} {
		t.Run(script, func(t *testing.T) {
			cmd := exec.Command("node", script, dir)
			cmd.Dir = filepath.Join("..", "browser")
			run(t, cmd)
		})
	}
}

// TestThePagesAroundIdentityAreAccessibleAndBehave does the same with those, axe with one of each form.
func TestThePagesAroundIdentityAreAccessibleAndBehave(t *testing.T) {
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run(t, exec.Command("go", "test", "waitroom/proxy/waiting/choice", "-count=1", "-run", "Gallery", "-gallery", dir))
	forms := []string{"axe.mjs", dir}
	forms = append(forms, "identify.ko", "early.en", "invited.en", "incomplete.ko", "held.en", "taken.ko", "not_your_day.ko", "sold_out.en")
	for _, args := range [][]string{forms, {"choice.mjs", dir}} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.Command("node", args...)
			cmd.Dir = filepath.Join("..", "browser")
			run(t, cmd)
		})
	}
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}
